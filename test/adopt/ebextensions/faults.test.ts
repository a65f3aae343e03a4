import { describe, expect, test } from 'vitest';
import { namedTypes } from '../../../src/adopt/commands/declared-by.ts';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';
import { registry } from '../../../src/resources/registry.ts';

const adopt = (text: string) => adoptEbextensions([{ name: 'a.config', text }]);
const commands = (...lines: string[]) =>
  `commands:\n${lines.map((line, n) => `  c${String(n).padStart(2, '0')}:\n    command: ${JSON.stringify(line)}`).join('\n')}\n`;
const adopted = (...lines: string[]) => adopt(commands(...lines));
const resources = ({ resources: all }: ReturnType<typeof adopt>) =>
  Object.fromEntries(all.map(({ type, title, properties }) => [`${type}:${title}`, properties]));
const todo = ({ leftovers }: ReturnType<typeof adopt>) =>
  leftovers.filter(({ needless }) => !needless).map(({ what, why }) => `${what}: ${why}`);

describe('C1: secrets by what marks them, wherever they stand', () => {
  test('a row of applicationPools is a pool, whose password is a reference', () => {
    const found = adopted(
      String.raw`appcmd set config /section:applicationPools /[name='Shop'].processModel.userName:corp\svc /[name='Shop'].processModel.password:Fj4rd-Lamp`,
    );
    expect(JSON.stringify(found)).not.toContain('Fj4rd');
    expect(resources(found)).toEqual({
      'iis_app_pool:Shop': { user_name: 'corp\\svc', password: { $secret: 'env:SHOP_PASSWORD' } },
    });
  });

  test.each([
    'appcmd set config /section:applicationPools /applicationPoolDefaults.processModel.password:Fj4rd,a;b',
    'appcmd set config S /section:anonymousAuthentication /password:Fj4rd',
    "appcmd set config /section:rewrite/providers /+[name='P'].settings.[key='k',encryptedValue='Fj4rd']",
    "appcmd set config S /section:iisClientCertificateMappingAuthentication /+oneToOneMappings.[userName='u',password='Fj4rd',certificate='c']",
    'appcmd set config /section:proxy /clientCertPassword:Fj4rd',
    'appcmd set vdir S/img /userName:u /password:Fj4rd',
    'appcmd set site S /virtualDirectoryDefaults.password:Fj4rd',
    "appcmd set config /section:sites /[name='S'].virtualDirectoryDefaults.password:Fj4rd",
    'appcmd set app S/ /password:Fj4rd',
    'sc config X obj= corp\\svc password= Fj4rd',
    'schtasks /create /tn T /tr a /sc onstart /ru corp\\x /rp Fj4rd,a',
    'netsh wlan set hostednetwork key=x password=Fj4rd',
    'cmdkey /add:host /user:u /pass:Fj4rd',
    'x /password:Fj4rd,with;all"of\'it',
  ])('%s', line => {
    expect(JSON.stringify(adopted(line))).not.toContain('Fj4rd');
  });
});

describe('C2: what a command is run by', () => {
  const of = (members: string, section = 'commands') =>
    adopt(`${section}:\n  c:\n    command: net stop W3SVC\n${members}`);

  test.each([
    ['    test: if not "%STAGE%"=="prod" exit 1\n', 'it runs only when its test succeeds'],
    ['    test: [cmd, /c, exit 1]\n', 'it runs only when its test succeeds'],
    ['    waitAfterCompletion: forever\n', 'until it has restarted the machine'],
  ])('%j makes it a leftover', (members, why) => {
    const found = of(members);
    expect(resources(found)).toEqual({});
    expect(todo(found).join()).toContain(why);
  });

  test('one for the leader alone is one, and a key that nobody knows is named', () => {
    expect(todo(of('    leader_only: true\n', 'container_commands')).join()).toContain('one instance');
    expect(todo(of('    leader_only: false\n', 'container_commands'))).toEqual([]);
    expect(todo(of('    sudo: true\n'))).toEqual(['sudo of c: true: converge does not know this key']);
  });

  test('its directory and its variables are said where they matter', () => {
    const found = adopt(
      'commands:\n  c:\n    command: frob\n    cwd: C:\\x\n    env:\n      A: b\n      API_KEY: Fj4rd\n',
    );
    expect(todo(found)).toEqual([
      'frob: converge has no type for frob',
      'cwd of c: C:\\x: what is left over of it runs there',
      'env of c: A=b API_KEY=***: what is left over of it reads them',
    ]);
    const taken = of('    cwd: C:\\x\n    env: { A: b }\n');
    expect(todo(taken)).toEqual([]);
    expect(taken.leftovers).toMatchObject([{ what: 'env of c: A=b', needless: true }]);
  });

  test.each([
    ['net stop A || net start B', ['service:A'], 'only when what is before it fails'],
    ['frob && net stop W3SVC', [], 'succeeds, and that is left over'],
    ['sc query X | find "RUNNING" && net stop X', [], 'it reads what sc query X gives it'],
    ['(net stop A & net stop B)', [], 'it groups commands'],
    ['net stop A < answers.txt', [], 'it reads what answers.txt gives it'],
  ])('%s', (line, kept, why) => {
    expect(Object.keys(resources(adopted(line)))).toEqual(kept);
    expect(todo(adopted(line)).join()).toContain(why);
  });

  test('a script that ends early, or of which a part is left over, is not taken for understood', () => {
    const script = (...lines: string[]) =>
      adopt(
        `files:\n  C:\\s\\a.cmd:\n    content: |\n${lines.map(line => `      ${line}\n`).join('')}commands:\n  c:\n    command: a.cmd\n    cwd: C:\\s\n`,
      );
    expect(resources(script('exit /b 0', 'tzutil /s UTC'))).not.toHaveProperty('timezone:UTC');
    expect(resources(script('cmd /c frob', 'tzutil /s UTC'))).toHaveProperty('file:C:\\s\\a.cmd');
    expect(Object.keys(resources(script('tzutil /s UTC', 'exit /b 0')))).toEqual(['timezone:UTC']);
  });

  test('what a service is restarted by is said, and other managers are not of Windows', () => {
    const found = adopt(
      'services:\n  windows:\n    A: { enabled: true, files: ["C:\\\\a"], commands: [x], odd: 1 }\n  sysvinit:\n    b: { enabled: true }\n',
    );
    expect(resources(found)).toEqual({ 'service:A': { startup: 'automatic' } });
    expect(todo(found)).toEqual([
      'files of the service A: ["C:\\\\a"]: it is restarted when these change: say so with `subscribe:`',
      'commands of the service A: ["x"]: it is restarted when these change: say so with `subscribe:`',
      'odd of the service A: 1: converge does not know this key',
    ]);
  });

  test('keys of files that nothing takes are said', () => {
    const found = adopt(
      'files:\n  C:\\a\\x:\n    content: y\n    mode: "000644"\n    authentication: S3Auth\n    context: { a: b }\n    odd: 1\n',
    );
    expect(todo(found).map(one => one.split(':')[0])).toEqual([
      'authentication of C',
      'context of C',
      'odd of C',
    ]);
    expect(found.leftovers.filter(({ needless }) => needless)).toMatchObject([{ what: 'mode of C:\\a\\x' }]);
  });
});

test('C3: a service that is not enabled is started by hand, as cfn-init has it', () => {
  const found = adopt('services:\n  windows:\n    Spooler: { enabled: false, ensureRunning: true }\n');
  expect(resources(found)).toEqual({ 'service:Spooler': { startup: 'manual', state: 'running' } });
});

describe('C4: a switch that no property says makes the line a leftover that names it', () => {
  test.each([
    ['schtasks /create /tn N /tr c:\\n.exe /sc minute /mo 10 /st 08:00 /et 17:00 /k /f', '/et 17:00 /k'],
    ['schtasks /create /tn N /tr a /sc daily /st 03:30 /sd 01/01/2027', '/sd 01/01/2027'],
    ['schtasks /create /tn N /tr a /sc onstart /delay 0005:00', '/delay 0005:00'],
    ['schtasks /create /tn N /tr a /sc daily /it', '/it'],
    ['schtasks /delete /tn N /s host', '/s host'],
    ['reg add HKLM\\SOFTWARE\\X /v A /d 1 /zz', '/zz'],
    ['reg delete HKLM\\SOFTWARE\\X /v A /va', '/va'],
    ['sc config X start= auto obj= LocalSystem', 'obj= LocalSystem'],
    ['net stop X /zz', '/zz'],
    ['tzutil /s UTC /zz', '/zz'],
    ['dism /online /enable-feature /featurename:A /source:D:\\x', '/source:D:\\x'],
    ['setx A b c /m', 'c'],
    [
      'netsh http add sslcert ipport=0.0.0.0:443 certhash=aa clientcertnegotiation=enable',
      'clientcertnegotiation',
    ],
    [
      'netsh advfirewall firewall add rule name=W dir=in action=allow security=authenticate',
      'security=authenticate',
    ],
    ['powershell Install-WindowsFeature A -Source D:\\x', '-Source D:\\x'],
    [
      'powershell New-NetFirewallRule -DisplayName W -Action Allow -InterfaceAlias Ethernet',
      '-InterfaceAlias',
    ],
    ['powershell -Version 2 -Odd Set-TimeZone UTC', 'what it runs is not written here'],
    ['appcmd set site A /name:B', 'name'],
    ['appcmd delete apppool A /odd:1', '/odd:1'],
    ["appcmd set config -section:ipSecurity /+[@start,ipAddress='10.0.0.1']", '@start'],
    [
      'appcmd set config -section:urlCompression /doDynamicCompression:true /commit:webroot',
      '/commit:webroot',
    ],
    ['appcmd set apppool P /queueLength:1 /queueLength:2', '/queueLength:2'],
    ['appcmd restore backup x', 'what appcmd does to backup'],
    ['iisreset /stop', 'declare the services'],
  ])('%s', (line, named) => {
    const found = adopted(line);
    expect(resources(found)).toEqual({});
    expect(todo(found).join()).toContain(named);
  });
});

describe('C5: the name of a rule is not what tells it apart', () => {
  const netsh = (rest: string) => `netsh advfirewall firewall add rule name="Web" action=allow ${rest}`;
  const rules = (...lines: string[]) => resources(adopted(...lines));

  test('two directions, two protocols and two ports are rules of their own', () => {
    const all = rules(
      netsh('dir=in protocol=TCP localport=80'),
      netsh('dir=out protocol=TCP localport=80'),
      netsh('dir=in protocol=UDP localport=80'),
      netsh('dir=in protocol=TCP localport=443 remoteip=10.0.0.0/8 remoteport=1024-65535 edge=yes'),
    );
    expect(all).toEqual({
      'firewall_rule:Web in TCP 80': rule('in', 'TCP', '80'),
      'firewall_rule:Web out TCP 80': rule('out', 'TCP', '80'),
      'firewall_rule:Web in UDP 80': rule('in', 'UDP', '80'),
      'firewall_rule:Web in TCP 443': {
        ...rule('in', 'TCP', '443'),
        remote_address: '10.0.0.0/8',
        remote_port: '1024-65535',
        edge_traversal: true,
      },
    });
  });

  const rule = (direction: string, protocol: string, port: string) => ({
    name: 'Web',
    direction,
    action: 'allow',
    protocol,
    local_port: port,
  });

  test('deleted and added anew is added; deleted alone is of the direction that was said, or of both', () => {
    const gone = 'netsh advfirewall firewall delete rule name=Web';
    const again = adopted(gone, netsh('dir=in'));
    expect(resources(again)).toEqual({ 'firewall_rule:Web': { direction: 'in', action: 'allow' } });
    expect(todo(again)).toEqual([]);
    expect(rules(`${gone} dir=out`)).toEqual({
      'firewall_rule:Web': { ensure: 'absent', direction: 'out', action: 'allow' },
    });
    expect(Object.keys(rules(gone))).toEqual(['firewall_rule:Web in', 'firewall_rule:Web out']);
    expect(Object.keys(rules(netsh('dir=in'), gone))).toEqual([
      'firewall_rule:Web in',
      'firewall_rule:Web out',
    ]);
  });

  test('what New-NetFirewallRule says is the same', () => {
    expect(
      rules(
        'powershell New-NetFirewallRule -DisplayName "Web" -Direction Outbound -Protocol TCP -RemotePort 443 -RemoteAddress 10.0.0.0/8,LocalSubnet -Action Block -Profile Domain -Enabled False -InterfaceType Wired',
      ),
    ).toEqual({
      'firewall_rule:Web': {
        direction: 'out',
        action: 'block',
        protocol: 'tcp',
        remote_port: '443',
        remote_address: '10.0.0.0/8,localsubnet',
        profile: 'domain',
        enabled: false,
        interface_type: 'lan',
      },
    });
  });
});

describe('C9: one thing has one name', () => {
  test.each([
    [
      'appcmd set config -section:applicationPools -applicationPoolDefaults.autoStart:false',
      'appcmd set config -section:system.applicationHost/applicationPools -applicationPoolDefaults.queueLength:2000',
    ],
    [
      'appcmd set config "S" -section:ipSecurity /allowUnlisted:false /commit:apphost',
      'appcmd set config MACHINE/WEBROOT/APPHOST/S/ -section:system.webServer/security/ipSecurity /denyAction:Abort /commit:apphost',
    ],
    ['mkdir C:/a/b', 'mkdir c:\\A\\b\\'],
    ['schtasks /delete /tn \\N /f', 'schtasks /create /tn N /tr a /sc onstart'],
    [
      'reg add HKLM\\SOFTWARE\\A /v N /d 1 /reg:32',
      'reg add HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\A /v N /d 2',
    ],
    ['appcmd set app S/shop /applicationPool:P', 'appcmd set app s/shop/ /preloadEnabled:true'],
  ])('%s and %s', (...lines) => {
    expect(Object.keys(resources(adopted(...lines))).filter(one => one !== 'file:C:/a')).toHaveLength(1);
  });

  test('two things are two: views of the registry, and the families of a host', () => {
    expect(
      Object.keys(
        resources(
          adopted(
            'reg add HKLM\\SOFTWARE\\A /v N /d 1 /reg:32',
            'reg add HKLM\\SOFTWARE\\A /v N /d 1 /reg:64',
          ),
        ),
      ),
    ).toHaveLength(2);
    const hosts = '>> C:\\Windows\\System32\\drivers\\etc\\hosts';
    expect(resources(adopted(`echo 10.0.0.7 h ${hosts}`, `echo fd00::7 h ${hosts}`))).toEqual({
      'hosts_entry:h': { address: '10.0.0.7' },
      'hosts_entry:h (IPv6)': { host: 'h', address: 'fd00::7' },
    });
  });
});

describe('C10: what is left over leaves no resource behind', () => {
  test.each([
    "appcmd set site /site.name:Foo /[path='/'].applicationPool:P",
    "appcmd set site Foo /+bindings.[protocol='http',bindingInformation='*:80:']",
    'appcmd set site Foo',
    'appcmd set config -section:urlCompression',
    'appcmd set config -section:staticContent /-"[fileExtension=\'.json\']"',
    'appcmd set vdir S/x /logonMethod:Batch',
    'appcmd set app S/ /serviceAutoStartEnabled:true',
    "appcmd set config -section:sites /[name='Foo'].[path='/'].applicationPool:P",
  ])('%s', line => {
    const found = adopted(line);
    expect(resources(found)).toEqual({});
    expect(todo(found)).toHaveLength(1);
  });

  test('a feature that is disabled is not enabled as well', () => {
    expect(
      resources(
        adopted(
          'dism /online /enable-feature /featurename:A',
          'dism /online /disable-feature /featurename:a',
        ),
      ),
    ).toEqual({ 'windows_feature:a': { ensure: 'absent' } });
  });
});

describe('C11: only what is proven is a secret', () => {
  const file = (content: string, name = 'C:\\s\\a.cmd') =>
    resources(adopt(JSON.stringify({ files: { [name]: { content } } })))[`file:${name}`];

  test.each([
    'for /f "tokens=3" %%a in (list.txt) do echo %%a\n',
    'set PASSWORD=%1\nif "%PASSWORD%"=="" exit /b 1\n',
    '$password = Read-Host "Password"\nInvoke-X -Password $password -Token (Get-Token)\n',
    'param([string]$Password)\n',
    'net user bob /active:no\nnet user PasswordNeverExpires * /add\n',
    'Add-Type -AssemblyName "X, Version=4.0.0.0, PublicKeyToken=b77a5c561934e089"\n',
    '<membership passwordFormat="Hashed" minRequiredPasswordLength="8" />\n',
    'maxTokens: 4096\ntoken_timeout: 30\nsecret_arn: arn:aws:secretsmanager:x\n',
    'powershell -ExecutionPolicy Bypass -File x.ps1\n',
  ])('%j stays a file', content => {
    expect(file(content)).toEqual({ content });
  });

  test.each(['set PASSWORD=Fj4rd\n', '$password = "Fj4rd"\n', 'net user bob Fj4rd /add\n'])(
    'the script %j is a file with a reference',
    content => {
      expect(file(content)).toEqual({ content: { $secret: 'env:A_CMD' } });
    },
  );

  test('what is left over says the type that does it, and each of them is one', () => {
    expect(todo(adopted('icacls C:\\a /grant x:F', 'frob'))).toEqual([
      'icacls C:\\a /grant x:F: nothing here reads icacls: declare what it does as `acl`',
      'frob: converge has no type for frob',
    ]);
    expect(namedTypes.filter(type => !registry.types.has(type))).toEqual([]);
  });

  test('references have names, and where a type takes no secret the line is left', () => {
    const found = adopted('reg add HKLM\\SOFTWARE\\X /v LicenseKey /d Fj4rd', 'setx API_TOKEN Fj4rd /m');
    expect(found.secrets).toEqual([]);
    expect(todo(found)).toEqual([
      expect.stringMatching(/LicenseKey \/d \*\*\*: .*registry_value takes none/),
      expect.stringMatching(/API_TOKEN \*\*\* .*it takes none/),
    ]);
    const odd = adopt(
      JSON.stringify({
        files: { 'C:\\x\\密码': { content: 'password=Fj4rd' }, 'C:\\x\\9': { content: 'token: Fj4rd' } },
      }),
    );
    expect(odd.secrets).toEqual(['SECRET', 'SECRET_9']);
  });

  test('a URL with a password is in nothing', () => {
    const found = adopt(
      'sources:\n  C:\\a: https://u:Fj4rd@h/x.zip\nfiles:\n  C:\\b:\n    source: https://u:Fj4rd@h/y\n',
    );
    expect(JSON.stringify(found)).not.toContain('Fj4rd');
    expect(resources(found)).toEqual({});
  });
});
