import { describe, expect, test } from 'vitest';
import { windowsMachine } from './fixture.ts';

const hash = '0123456789abcdef0123456789abcdef01234567';
const appid = '{4dc3e181-e14b-4a21-b022-59fc669b0914}';
const store = 'HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\MY\\Certificates';

async function machine() {
  const made = await windowsMachine();
  const netsh = (...args: string[]) => made.run('netsh', args);
  const rule = (...args: string[]) => netsh('advfirewall', 'firewall', ...args);
  return { ...made, netsh, rule };
}

describe('netsh http sslcert', () => {
  test('binds a certificate of the store to an address and to a name', async () => {
    const { netsh, run } = await machine();
    const add = (where: string, ...more: string[]) =>
      netsh('http', 'add', 'sslcert', where, `certhash=${hash}`, `appid=${appid}`, ...more);
    const unknown = await add('ipport=0.0.0.0:443');
    expect([unknown.exitCode, unknown.stdout]).toEqual([1, expect.stringContaining('Error: 1312')]);
    await run('reg', ['add', `${store}\\${hash}`, '/f']);
    expect((await add('ipport=0.0.0.0:443')).exitCode).toBe(0);
    expect((await add('ipport=0.0.0.0:443')).stdout).toContain('Error: 183');
    expect((await add('hostnameport=web.example.com:443')).stdout).toContain('Error: 87');
    expect((await add('hostnameport=web.example.com:443', 'certstorename=MY')).exitCode).toBe(0);
    const { stdout } = await netsh('http', 'show', 'sslcert');
    expect(stdout).toContain('    IP:port                      : 0.0.0.0:443\r\n');
    expect(stdout).toContain('    Hostname:port                : web.example.com:443\r\n');
    expect(stdout).toContain(`    Certificate Hash             : ${hash}\r\n`);
    expect(stdout).toContain(`    Application ID               : ${appid}\r\n`);
  });

  test('removes a binding; one that is not there is error 2', async () => {
    const { netsh, run, last } = await machine();
    await run('reg', ['add', `${store}\\${hash}`, '/f']);
    await netsh('http', 'add', 'sslcert', 'ipport=[::]:443', `certhash=${hash}`, `appid=${appid}`);
    expect((await netsh('http', 'show', 'sslcert', 'ipport=[::]:443')).exitCode).toBe(0);
    expect((await netsh('http', 'delete', 'sslcert', 'ipport=[::]:443')).exitCode).toBe(0);
    const again = await netsh('http', 'delete', 'sslcert', 'ipport=[::]:443');
    expect([again.exitCode, again.stdout]).toEqual([1, expect.stringContaining('Error: 2')]);
    expect(await last()).toMatchObject({ changed: false });
    expect((await netsh('http', 'show', 'sslcert', 'ipport=[::]:443')).exitCode).toBe(1);
  });
});

describe('netsh advfirewall firewall rule', () => {
  const web = [
    'name=Web',
    'dir=in',
    'action=allow',
    'protocol=TCP',
    'localport=80,443',
    'remoteip=10.0.0.0/8',
  ];

  test('adds a rule, which is in the registry, and shows it', async () => {
    const { rule, run } = await machine();
    expect((await rule('add', 'rule', ...web)).stdout).toBe('Ok.\r\n\r\n');
    const { stdout } = await rule('show', 'rule', 'name=web');
    for (const line of [
      'Rule Name:                            Web',
      'Direction:                            In',
      'LocalPort:                            80,443',
      'RemoteIP:                             10.0.0.0/8',
    ])
      expect(stdout).toContain(`${line}\r\n`);
    const key =
      'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules';
    expect((await run('reg', ['query', key])).stdout).toContain(
      'v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|LPort=443|RA4=10.0.0.0/8|Name=Web|',
    );
  });

  test('adds another of the same name; set and delete meet both', async () => {
    const { rule } = await machine();
    await rule('add', 'rule', ...web);
    await rule('add', 'rule', ...web);
    expect((await rule('set', 'rule', 'name=Web', 'new', 'enable=no', 'localport=8080')).exitCode).toBe(0);
    expect((await rule('show', 'rule', 'name=Web')).stdout.match(/LocalPort: +8080/g)).toHaveLength(2);
    expect((await rule('delete', 'rule', 'name=Web')).stdout).toContain('Deleted 2 rule(s).');
  });

  test.each([
    [['show', 'rule', 'name=None']],
    [['delete', 'rule', 'name=None']],
    [['add', 'rule', 'name=X', 'dir=in']],
    [['add', 'rule', 'name=X', 'dir=in', 'action=allow', 'localport=80']],
    [['add', 'rule', 'name=X', 'dir=in', 'action=allow', 'protocol=TCP', 'localport=http']],
    [['add', 'rule', 'name=X', 'dir=sideways', 'action=allow']],
    [['frobnicate', 'rule', 'name=X']],
  ])('%s is exit code 1, told on stdout', async args => {
    const { rule, last } = await machine();
    const { exitCode, stdout, stderr } = await rule(...args);
    expect([exitCode, stderr]).toEqual([1, '']);
    expect(stdout.trim()).not.toBe('');
    expect(await last()).toMatchObject({ changed: false });
  });
});

describe('tzutil.exe', () => {
  test('says and sets the time zone, with and without daylight saving', async () => {
    const { run } = await windowsMachine();
    expect((await run('tzutil', ['/g'])).stdout).toBe('UTC');
    expect((await run('tzutil', ['/s', 'w. europe standard time_dstoff'])).exitCode).toBe(0);
    expect((await run('tzutil', ['/g'])).stdout).toBe('W. Europe Standard Time_dstoff');
    expect((await run('tzutil', ['/s', 'Europe/Berlin'])).exitCode).toBe(1);
    expect((await run('tzutil', ['/l'])).stdout).toContain('(UTC) Coordinated Universal Time\r\nUTC\r\n\r\n');
  });
});
