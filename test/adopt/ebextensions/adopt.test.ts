import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';

const adopt = (text: string, name = 'a.config') => adoptEbextensions([{ name, text }]);
/** By type and title, as a manifest has them. */
const resources = (text: string) => {
  const found: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const { type, title, properties } of adopt(text).resources)
    found[type] = { ...found[type], [title]: properties };
  return found;
};
const command = (...lines: string[]) =>
  `commands:\n${lines.map((line, n) => `  c${String(n).padStart(2, '0')}:\n    command: ${JSON.stringify(line)}`).join('\n')}\n`;
const left = (text: string) => adopt(text).leftovers.map(({ line, what, why }) => `${line} ${what}: ${why}`);

// The customer's file as the article describes it.
const beanstalk = String.raw`
sources:
  "c:/scripts/ipfudge": http://admin01/scripts/ipfudge.zip
files:
  "c:/scripts/s3-appdata-sync.cmd":
    content: |
      cd \inetpub\mobile\App_Data
      "C:\program files\amazon\awscli\aws" --region eu-west-1 s3 sync s3://cust-mobile-appdata/ . --delete >%TEMP%\s3sync4.log 2>&1
container_commands:
  zz1:
    command: appcmd add apppool /name:"CustomerName.NewWebServices"
    ignoreErrors: true
  zz2:
    command: appcmd add site /name:"CustomerName.NewWebServices" /id:2 /bindings:http://web.customername.com:80 /physicalPath:"c:\inetpub\newwebservices"
  zz3:
    command: appcmd set app "CustomerName.NewWebServices/" /applicationPool:"CustomerName.NewWebServices"
  zz4:
    command: schtasks /create /ru SYSTEM /TN Sync_S3_App_Data /TR "cmd /c c:\scripts\s3-appdata-sync.cmd >%TEMP%\s3sync1.log 2>&1" /SC MINUTE /MO 30 /ST 00:18 /F
  zz5:
    command: appcmd set config /section:urlCompression /doDynamicCompression:True
  zz6:
    command: cmd /c c:\scripts\ipfudge\ipfudge.cmd >%TEMP%\ipfudge.log 2>&1
`;

describe('the beanstalk.config of the article', () => {
  test('becomes resources: three appcmd lines are one site, the task repeats from its minute on', () => {
    const site = 'CustomerName.NewWebServices';
    expect(resources(beanstalk)).toMatchObject({
      archive: {
        'c:/scripts/ipfudge': { source: 'http://admin01/scripts/ipfudge.zip', allow_insecure: true },
      },
      iis_app_pool: { [site]: {} },
      iis_site: {
        [site]: {
          id: 2,
          bindings: ['http://web.customername.com:80'],
          physical_path: String.raw`c:\inetpub\newwebservices`,
          app_pool: site,
        },
      },
      scheduled_task: {
        Sync_S3_App_Data: {
          command: 'cmd',
          arguments: String.raw`/c c:\scripts\s3-appdata-sync.cmd >%TEMP%\s3sync1.log 2>&1`,
          every: '30m',
          offset: '18m',
        },
      },
      iis_config: { 'system.webServer/urlCompression': { attributes: { doDynamicCompression: true } } },
    });
  });

  test('leaves what it cannot see into, with file and line', () => {
    expect(left(beanstalk)).toEqual([
      String.raw`22 c:\scripts\ipfudge\ipfudge.cmd: a script that is not among these files`,
    ]);
  });
});

describe('appcmd', () => {
  test('a chain of delete, add and set is one list of rows', () => {
    const section = 'set config "Default Web Site" -section:system.webServer/rewrite/rules';
    const rules = resources(
      command(
        `appcmd ${section} /-"[name='R']"`,
        `appcmd ${section} /+"[name='R',enabled='true']"`,
        `appcmd ${section} /"[name='R'].match.url:"^^(.*)$""`,
        `appcmd ${section} /+"[name='R'].conditions.[input='{HTTPS}',pattern='off']"`,
      ),
    ).iis_config!['Default Web Site: system.webServer/rewrite/rules'];
    expect(rules).toEqual({
      path: 'Default Web Site',
      section: 'system.webServer/rewrite/rules',
      mode: 'at_least',
      items: [
        {
          name: 'R',
          enabled: true,
          'match.url': '^(.*)$',
          conditions: [{ input: '{HTTPS}', pattern: 'off' }],
        },
      ],
    });
  });

  test('a row that is only removed is a leftover, since nothing declared would say so', () => {
    const text = command(`appcmd set config -section:staticContent /-"[fileExtension='.json']"`);
    expect(left(text)).toEqual([expect.stringContaining('staticContent: fileExtension=.json')]);
  });

  test('named collections and attributes of one section end in one resource', () => {
    const compression = resources(
      command(
        `appcmd set config -section:httpCompression /+"dynamicTypes.[mimeType='text/x',enabled='True']"`,
        'appcmd set config -section:httpCompression /minFileSizeForComp:1000',
        'appcmd unlock config -section:httpCompression',
      ),
    ).iis_config!['system.webServer/httpCompression'];
    expect(compression).toEqual({
      mode: 'at_least',
      collections: { dynamicTypes: [{ mimeType: 'text/x', enabled: true }] },
      attributes: { minFileSizeForComp: 1000 },
      unlock: true,
    });
  });

  test('pools: known settings by name, others in `set`, deleted and added again is there', () => {
    const pools = resources(
      command(
        'appcmd delete apppool P',
        'appcmd add apppool /name:P /managedRuntimeVersion:v4.0 /processModel.idleTimeout:1.05:00:00',
        'appcmd set apppool p /processModel.userName:corp\\svc /processModel.password:hunter2 /cpu.limit:5000',
        'appcmd delete apppool Old',
      ),
    ).iis_app_pool;
    expect(pools).toEqual({
      P: {
        managed_runtime_version: 'v4.0',
        idle_timeout: '1d5h',
        user_name: 'corp\\svc',
        password: { $secret: 'env:P_PASSWORD' },
        set: { 'cpu.limit': 5000 },
      },
      Old: { ensure: 'absent' },
    });
  });

  test('bindings are added and removed one by one', () => {
    const site = resources(
      command(
        'appcmd add site /name:S /bindings:http/*:80:',
        `appcmd set site S /+bindings.[protocol='https',bindingInformation='*:443:']`,
        `appcmd set site S /-bindings.[protocol='http',bindingInformation='*:80:']`,
      ),
    ).iis_site!.S;
    expect(site).toEqual({ bindings: ['https/*:443:'] });
  });

  test('applications and virtual directories below a site are their own, the root is the site', () => {
    const made = resources(
      command(
        'appcmd add app /site.name:S /path:/shop /physicalPath:c:\\shop',
        'appcmd set app S/shop /applicationPool:P',
        'appcmd add vdir /app.name:S/shop /path:/img /physicalPath:c:\\img',
        'appcmd set vdir S/ /physicalPath:c:\\root',
      ),
    );
    expect(made).toEqual({
      iis_app: { 'S/shop': { physical_path: 'c:\\shop', app_pool: 'P' } },
      iis_vdir: { 'S/shop/img': { physical_path: 'c:\\img', app: 'S/shop', path: '/img' } },
      iis_site: { S: { physical_path: 'c:\\root' } },
    });
  });
});

describe('the other programs', () => {
  test.each([
    ['tzutil /s "W. Europe Standard Time"', { timezone: { 'W. Europe Standard Time': {} } }],
    ['net stop x && net start x', { service: { x: { state: 'running' } } }],
    ['sc config wuauserv start= disabled', { service: { wuauserv: { startup: 'disabled' } } }],
    [
      String.raw`reg add HKEY_LOCAL_MACHINE\SOFTWARE\A /v N /t REG_DWORD /d 1 /f`,
      { registry_value: { 'HKLM\\SOFTWARE\\A\\N': { kind: 'dword', value: 1 } } },
    ],
    [
      'netsh advfirewall firewall add rule name="HTTPS in" dir=in action=allow protocol=TCP localport=443',
      {
        firewall_rule: {
          'HTTPS in': { direction: 'in', action: 'allow', protocol: 'TCP', local_port: '443' },
        },
      },
    ],
    [
      'powershell.exe Install-WindowsFeature -Name Web-A,Web-B',
      { windows_feature: { features: { names: ['Web-A', 'Web-B'] } } },
    ],
    [
      'powershell Install-WindowsFeature Web-A, Web-B -IncludeManagementTools',
      { windows_feature: { features: { names: ['Web-A', 'Web-B'] } } },
    ],
    [
      'echo 10.0.0.7 admin01 admin >> %windir%\\System32\\drivers\\etc\\hosts',
      { hosts_entry: { admin01: { address: '10.0.0.7', aliases: ['admin'] } } },
    ],
    ['echo hello & mkdir C:\\a', { file: { 'C:\\a': { kind: 'directory' } } }],
    [
      'powershell -NoProfile -ExecutionPolicy Bypass -Command "Add-WindowsFeature Web-A"',
      { windows_feature: { features: { names: ['Web-A'] } } },
    ],
    [
      'dism /online /enable-feature /featurename:A /featurename:B /all',
      { windows_feature: { features: { names: ['A', 'B'] } } },
    ],
    [String.raw`setx PATH "%PATH%;C:\tools" /M`, { env_path: { 'C:\\tools': {} } }],
    [
      'schtasks /create /tn N /tr C:\\a.exe /sc daily /st 03:30',
      { scheduled_task: { N: { command: 'C:\\a.exe', at: '03:30' } } },
    ],
  ])('%s', (line, expected) => {
    expect(resources(command(line))).toEqual(expected);
  });

  test.each([
    ['powershell -EncodedCommand AAAA', 'what it runs is not written here'],
    ['powershell "$x = 1"', 'it computes something, and nothing here is evaluated'],
    [
      'powershell "Install-WindowsFeature A; iisreset"',
      'it computes something, and nothing here is evaluated',
    ],
    ['mkdir logs', 'it names no whole path'],
    ['mkdir %APP%\\logs', 'it computes something, and nothing here is evaluated'],
    ['appcmd add apppool /name:%1', 'it computes something, and nothing here is evaluated'],
    ['setx A %TEMP%\\x /m', 'its value is computed, and nothing here is evaluated'],
    ['C:\\elsewhere\\x.ps1', 'a script that is not among these files'],
    ['msiexec /i x.msi', 'nothing here reads msiexec: declare what it does as `package`'],
    ['schtasks /create /tn N /tr a /sc monthly', 'the schedule monthly has no property'],
  ])('%s is left over', (line, why) => {
    expect(left(command(line))).toEqual([`3 ${line}: ${why}`]);
  });
});

describe('files and secrets', () => {
  test('a script that became resources is needed no more, one that did not stays a file', () => {
    const script = (body: string) =>
      `files:\n  "C:\\\\s\\\\a.cmd":\n    content: |\n      @echo off\n      ${body}\ncommands:\n  run:\n    command: C:\\s\\A.CMD\n`;
    expect(resources(script('tzutil /s UTC'))).toEqual({ timezone: { UTC: {} } });
    expect(Object.keys(resources(script('frobnicate')).file!)).toEqual(['C:\\s\\a.cmd', 'C:\\s']);
    expect(left(script('frobnicate'))).toEqual(['5 frobnicate: converge has no type for frobnicate']);
  });

  test('what looks like a secret is in nothing that is written', () => {
    const text = `${command(
      'appcmd set apppool P /processModel.password:hunter2',
      'schtasks /create /tn T /tr a /sc onstart /ru corp\\x /rp hunter2',
      'mystery --api-key=hunter2 /password:hunter2',
    )}files:\n  "C:\\\\agent.yml":\n    content: |\n      license_key: hunter2\n`;
    const adopted = adopt(text);
    expect(JSON.stringify(adopted)).not.toContain('hunter2');
    expect(adopted.secrets).toEqual(['AGENT_YML', 'P_PASSWORD', 'T_PASSWORD']);
  });

  test('a secret among arguments, in a row or in a line that is left over is in nothing', () => {
    const adopted = adopt(
      command(
        'schtasks /create /tn A /tr "C:\\a.exe --token hunter2" /sc minute /mo 5',
        'reg add HKLM\\SOFTWARE\\X /v ApiKey /d hunter2',
        "appcmd set config /section:httpProtocol /+customHeaders.[name='X-Api-Key',value='hunter2']",
        'net user bob hunter2 /add',
        'setx CUST_TOKEN hunter2 /m',
      ),
    );
    expect(JSON.stringify(adopted)).not.toContain('hunter2');
    expect(adopted.leftovers.map(({ line }) => line)).toEqual([3, 5, 9, 11]);
    expect(adopted.secrets).toEqual(['HTTPPROTOCOL_X_API_KEY_VALUE']);
  });

  test('a script that runs lines only sometimes is not taken over; a caret at the end joins lines', () => {
    const script = (...lines: string[]) =>
      `files:\n  "C:\\\\s\\\\a.cmd":\n    content: |\n${lines.map(line => `      ${line}\n`).join('')}commands:\n  run:\n    command: C:\\s\\a.cmd\n`;
    const joined = script('appcmd add apppool /name:P ^', '  /queueLength:2000', 'tzutil /s UTC');
    expect(resources(joined)).toEqual({ iis_app_pool: { P: { queue_length: 2000 } }, timezone: { UTC: {} } });
    for (const jump of ['if exist C:\\x (', 'goto end', 'for %%a in (1) do x', 'call :part']) {
      const text = script(jump, 'appcmd delete apppool P');
      expect(Object.keys(resources(text))).toEqual(['file']);
      expect(left(text)).toEqual([expect.stringContaining('only sometimes')]);
    }
  });

  const withScript = (
    lines: string[],
    call = 'powershell.exe -ExecutionPolicy Bypass -File C:\\s\\web.ps1',
  ) =>
    `files:\n  C:\\s\\web.ps1:\n    content: |\n${lines.map(line => `      ${line}`).join('\n')}\n${command(call)}`;

  test('a PowerShell script that only runs one command after the other becomes resources', () => {
    const text = withScript([
      '# The server',
      "Install-WindowsFeature -Name 'Web-Server', Web-Asp-Net45 -IncludeManagementTools",
      '& "C:\\Windows\\System32\\inetsrv\\appcmd.exe" add apppool /name:"My Shop"',
      'C:\\Windows\\System32\\inetsrv\\appcmd.exe set apppool "My Shop" /autoStart:false',
      'sc.exe config Spooler start= disabled',
      "Set-TimeZone -Id 'W. Europe Standard Time'",
      "Write-Host 'it''s done'",
      'exit 0',
    ]);
    expect(resources(text)).toMatchObject({
      windows_feature: expect.anything(),
      iis_app_pool: { 'My Shop': { auto_start: false } },
      service: { Spooler: { startup: 'disabled' } },
      timezone: { 'W. Europe Standard Time': {} },
    });
    expect(adopt(text).resources.map(({ type }) => type)).not.toContain('file');
  });

  test.each([
    '$name = 1',
    'Get-Service | Stop-Service',
    'if (Test-Path x) { Install-WindowsFeature Web-Server }',
    'Install-WindowsFeature Web-Server; exit',
    'appcmd list site > C:\\log.txt',
    'Install-WindowsFeature "Web-Server',
  ])('a PowerShell script that holds %s is left whole', line => {
    const text = withScript(['Install-WindowsFeature Web-Server', line]);
    expect(left(text)).toEqual([expect.stringContaining('a PowerShell script of 2 lines')]);
    expect(resources(text).windows_feature).toBeUndefined();
  });

  test('what PowerShell reads in another way than cmd is left, by its line', () => {
    const text = withScript(['sc config Spooler start= disabled', 'appcmd add site /name:a /bindings:b,c']);
    expect(left(text)).toEqual([
      expect.stringMatching(/^4 sc config .*Set-Content/),
      expect.stringMatching(/^5 appcmd .*computes/),
    ]);
  });

  test.each([
    'setx DB_PASS hunter2',
    'curl -u user:hunter2 https://example.com',
    'curl https://user:hunter2@example.com/',
    'x "Authorization: Bearer hunter2"',
    'x /pass:hunter2 --passphrase hunter2',
    'aws configure set aws_secret_access_key hunter2',
    'x -Password (ConvertTo-SecureString "hunter2" -AsPlainText -Force)',
  ])('no secret is left of the line %s', line => {
    expect(JSON.stringify(adopt(command(line)))).not.toContain('hunter2');
  });

  test.each([
    '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n',
    'db: postgres://user:hunter2@example.com/db\n',
    '[default]\nDB_PASS=hunter2\n',
    '<add key="AdminPassword" value="hunter2"/>\n',
  ])('a file that holds a secret is one: %j', content => {
    const adopted = adopt(JSON.stringify({ files: { 'C:/a/x.ini': { content } } }));
    expect(JSON.stringify(adopted)).not.toContain('hunter2');
    expect(adopted.secrets).toEqual(['X_INI']);
  });

  test('a long line of words like those of secrets is searched once', () => {
    const line = `x ${'password'.repeat(40_000)}`;
    expect(left(command(line))).toEqual([`3 ${line}: converge has no type for x`]);
  });

  test('two secrets of one name are two', () => {
    const file = (path: string) => `  "${path}":\n    content: |\n      { "apiKey": "hunter2" }\n`;
    const { secrets, resources: all } = adopt(`files:\n${file('C:/a/x.json')}${file('C:/b/x.json')}`);
    expect(secrets).toEqual(['X_JSON', 'X_JSON_2']);
    expect(JSON.stringify(all)).not.toContain('hunter2');
  });

  test('text that computes is left, and a dollar stays one', () => {
    expect(left('files:\n  C:\\a:\n    content: |\n      x `{"Ref": "AWSEBSecurityGroup"}`\n')).toEqual([
      expect.stringContaining('its content is computed'),
    ]);
    expect(resources('files:\n  C:\\a:\n    content: "$x ${y}"\n').file!['C:\\a']).toEqual({
      content: '$x ${y}',
    });
  });

  test('settings of the environment stay there, and a broken file is one leftover', () => {
    expect(left('option_settings:\n  a: b\n')).toEqual([expect.stringContaining('it stays where it is')]);
    expect(left('commands: [\n')).toHaveLength(1);
  });

  test.each([
    [
      'x: &c hi\nfiles:\n  C:\\a:\n    content: *c\n',
      '4 a.config: it repeats parts of itself by `*c`: write them out',
    ],
    ['files:\n  C:\\a: &c { content: x }\n  C:\\b: { <<: *c }\n', '3 a.config: it repeats parts of itself'],
    ['files:\n  - a\n', '1 files: it is not a map'],
    ['- a\n', '1 a.config: it is not a map of sections'],
    ['files:\n  C:\\a: { content: { a: 1 } }\n', '2 C:\\a: it has no text as `content`'],
    ['sources:\n  C:\\a: { toString: 1 }\n', '2 C:\\a: only zip archives'],
    ['packages:\n  msi:\n    x: { toString: 1 }\n', '3 msi: x: whether {"toString":1} is installed'],
    ['commands:\n  a:\n    command: [ { toString: 1 } ]\n', 'converge has no type for'],
  ])('what is written otherwise than Beanstalk has it is left, and makes nothing empty: %j', (text, said) => {
    expect(left(text).join()).toContain(said);
    expect(resources(text)).toEqual({});
  });

  test('a service of which nothing is said needs nothing', () => {
    const text = 'services:\n  windows:\n    w3svc:\n';
    expect(resources(text)).toEqual({});
    expect(left(text)).toEqual(['3 service w3svc: nothing is said about it']);
  });

  test('no text makes it throw', () => {
    const part = fc.constantFrom(
      'commands:',
      '\n',
      '  a:',
      '\n    command: ',
      'appcmd',
      ' set',
      ' /+"[',
      "x='1'",
      ']"',
      '^',
      '"',
      ' & ',
      'cmd /c ',
      'powershell',
      ': ',
      '|',
      '{',
      '%',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), parts => {
        expect(adopt(parts.join('')).leftovers).toBeInstanceOf(Array);
      }),
      { numRuns: 500 },
    );
  });
});
