import { describe, expect, test } from 'vitest';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';

const adopt = (text: string) => adoptEbextensions([{ name: 'a.config', text }]);
const adopted = (...lines: string[]) =>
  adopt(
    `commands:\n${lines.map((line, n) => `  c${n}:\n    command: ${JSON.stringify(line)}`).join('\n')}\n`,
  );
const resources = ({ resources: all }: ReturnType<typeof adopt>) =>
  Object.fromEntries(all.map(({ type, title, properties }) => [`${type}:${title}`, properties]));
const todo = ({ leftovers }: ReturnType<typeof adopt>) =>
  leftovers.filter(({ needless }) => !needless).map(({ what, why }) => `${what}: ${why}`);

describe('C1: a secret that was found once is in nothing', () => {
  test.each([
    [
      'the reason',
      String.raw`schtasks /create /s other /u d\me /p Fj4rd-Lamp /tn T /tr c:\a.exe /sc onstart`,
    ],
    [
      'another word of the line',
      String.raw`schtasks /create /tn T /tr "c:\a.exe /p:Fj4rd-Lamp --password Fj4rd-Lamp" /sc onstart`,
    ],
    ['netsh', 'netsh -r other -u bob -p Fj4rd-Lamp advfirewall reset'],
    ['setx', 'setx /s other /u bob /p Fj4rd-Lamp A b /m'],
    ['winrs', 'winrs -r:h -u:bob -p:Fj4rd-Lamp hostname'],
    ['signtool', 'signtool sign /f c:\\x.pfx /p Fj4rd-Lamp c:\\a.exe'],
    ['openssl', 'openssl pkcs12 -in x.pfx -passin pass:Fj4rd-Lamp'],
    ['rasdial', 'rasdial "my net" bob Fj4rd-Lamp'],
  ])('%s', (_, line) => {
    const found = adopted(line);
    expect(JSON.stringify(found)).not.toContain('Fj4rd');
    expect(JSON.stringify(found)).toContain('***');
  });
});

describe('PowerShell takes the quotes of its own words away', () => {
  test('what -Command holds is read by its rules', () => {
    const found = adopted(
      `powershell -Command "Set-TimeZone -Id 'UTC' -Confirm:$false"`,
      `powershell.exe -ExecutionPolicy Bypass -Command "Stop-Service -Name 'Foo Bar' -Force"`,
      `powershell -c "New-NetFirewallRule -DisplayName 'Web ''x''' -Protocol TCP -LocalPort 80, 81"`,
      `powershell -Command "net stop Spooler"`,
      `powershell -Command Start-Service W32Time`,
    );
    expect(todo(found)).toEqual([]);
    expect(resources(found)).toEqual({
      'timezone:UTC': {},
      'service:Foo Bar': { state: 'stopped' },
      'service:Spooler': { state: 'stopped' },
      'service:W32Time': { state: 'running' },
      "firewall_rule:Web 'x'": { direction: 'in', action: 'allow', protocol: 'tcp', local_port: '80,81' },
    });
  });

  test('what it evaluates is left, and its Set-Content is no service', () => {
    const lines = [
      `powershell -Command "Stop-Service Foo; Start-Service Bar"`,
      `powershell -Command "Get-Service | Stop-Service"`,
      `powershell -Command "sc stop Foo"`,
      `powershell -Command "'Stop-Service'"`,
    ];
    const found = adopted(...lines);
    expect(resources(found)).toEqual({});
    expect(todo(found)).toHaveLength(lines.length);
  });
});

test('C5: a rule of several profiles is taken', () => {
  const found = adopted(
    'netsh advfirewall firewall add rule name=N dir=in action=allow profile=domain,private',
    `powershell -c "New-NetFirewallRule -DisplayName P -Profile Domain,Public"`,
    'netsh advfirewall firewall add rule name=A dir=in action=allow profile=any',
  );
  expect(todo(found)).toEqual([]);
  expect(resources(found)).toEqual({
    'firewall_rule:N': { direction: 'in', action: 'allow', profile: ['domain', 'private'] },
    'firewall_rule:P': { direction: 'in', action: 'allow', profile: ['domain', 'public'] },
    'firewall_rule:A': { direction: 'in', action: 'allow', profile: 'any' },
  });
});

describe('C9: one feature has two names', () => {
  test.each([
    [['Web-Server'], 'Web-Server', 'IIS-WebServer'],
    [['Web-Server'], 'IIS-WebServer', 'Web-Server'],
    [['IIS-ASPNET45'], 'Web-Asp-Net45', 'IIS-ASPNET45'],
  ])('%j of %s and %s', (names, ...both) => {
    const found = adopted(...both.map(one => `dism /online /enable-feature /featurename:${one}`));
    expect(resources(found)).toEqual({ 'windows_feature:features': { names } });
  });

  test('what is disabled by one name is not enabled by the other', () => {
    const of = (verb: string, name: string) => `dism /online /${verb}-feature /featurename:${name}`;
    expect(resources(adopted(of('enable', 'Web-Asp-Net45'), of('disable', 'IIS-ASPNET45')))).toEqual({
      'windows_feature:IIS-ASPNET45': { ensure: 'absent' },
    });
    expect(resources(adopted(of('disable', 'Web-Asp-Net45'), of('enable', 'IIS-ASPNET45')))).toEqual({
      'windows_feature:features': { names: ['IIS-ASPNET45'] },
    });
  });
});

test('net takes the shown names of services, which are not the names of resources', () => {
  const found = adopted('net stop "World Wide Web Publishing Service" /y', 'net stop W3SVC');
  expect(resources(found)).toEqual({ 'service:W3SVC': { state: 'stopped' } });
  expect(todo(found).join()).toContain('sc getkeyname "World Wide Web Publishing Service"');
});

test('a file whose mode says that it is a link is left', () => {
  const found = adopt(
    'files:\n  "C:\\\\a":\n    content: C:\\b\n    mode: "120644"\n  "C:\\\\c":\n    content: x\n    mode: "000644"\n',
  );
  expect(resources(found)).toEqual({ 'file:C:\\c': { content: 'x' } });
  expect(todo(found)).toEqual(['C:\\a: its mode 120644 says that it is a link to what is its content']);
});

test('a package without an address is said by its name', () => {
  const found = adopt('packages:\n  chocolatey:\n    git: []\n');
  expect(todo(found)).toEqual([
    'chocolatey: git: whether git is installed shows only by its product code: declare a `package` with it',
  ]);
});
