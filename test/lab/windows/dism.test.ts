import { describe, expect, test } from 'vitest';
import { windowsMachine } from './fixture.ts';

const online = ['/online', '/english', '/quiet', '/norestart'];
const enable = (...names: string[]) => [
  ...online,
  '/enable-feature',
  ...names.map(name => `/featurename:${name}`),
];
const states = (stdout: string) =>
  new Map(
    [...stdout.matchAll(/^Feature Name : (.+)\r\nState : (.+)\r$/gm)].map(([, name, state]) => [name, state]),
  );

async function machine() {
  const made = await windowsMachine();
  const state = async (name: string) =>
    states((await made.run('dism', ['/online', '/english', '/get-features'])).stdout).get(name);
  return { ...made, state };
}

/** In the order of the first user's manifest, each needing the one behind it. */
const chain = [
  'IIS-ASPNET',
  'IIS-ISAPIFilter',
  'IIS-ISAPIExtensions',
  'IIS-NetFxExtensibility',
  'NetFx4Extended-ASPNET45',
];

describe('dism.exe', () => {
  test('lists features as pairs and as a table', async () => {
    const { run } = await machine();
    const pairs = (await run('dism', ['/online', '/english', '/get-features'])).stdout;
    expect(states(pairs).get('IIS-WebServer')).toBe('Disabled');
    expect(states(pairs).get('NetFx3')).toBe('Disabled with Payload Removed');
    const table = (await run('dism.exe', ['/English', '/Online', '/Get-Features', '/Format:Table'])).stdout;
    expect(table).toMatch(
      /^-+ \| -+\r\nFeature Name +\| State\r\n-+ \| -+\r\nIIS-WebServerRole +\| Disabled\r\n/m,
    );
  });

  test('enables the chain of the article with all parents in one call', async () => {
    const { run, state } = await machine();
    expect(await run('dism', [...enable(...chain), '/all'])).toMatchObject({ exitCode: 0, stdout: '' });
    for (const name of [...chain, 'IIS-WebServerRole', 'IIS-WebServer', 'IIS-ApplicationDevelopment'])
      expect(await state(name), name).toBe('Enabled');
    expect(await state('IIS-ASPNET45')).toBe('Disabled');
  });

  test('brings the services of the web server and iisreset, and takes them away', async () => {
    const { run, host } = await machine();
    await expect(run('iisreset', [])).rejects.toThrow('was not found');
    await run('dism', [...enable('IIS-WebServer'), '/all']);
    expect((await run('sc', ['query', 'W3SVC'])).stdout).toContain('RUNNING');
    expect((await run('iisreset', [])).exitCode).toBe(0);
    expect(
      (await run('dism', [...online, '/disable-feature', '/featurename:IIS-WebServerRole'])).exitCode,
    ).toBe(0);
    expect((await run('sc', ['query', 'W3SVC'])).exitCode).toBe(1060);
    expect(await host.files.stat('C:\\Windows\\System32\\iisreset.exe')).toBeUndefined();
  });

  test('brings appcmd, whose commits a conflict spoils once', async () => {
    const { run, lab } = await machine();
    const appcmd = 'C:\\Windows\\System32\\inetsrv\\appcmd.exe';
    await expect(run(appcmd, ['list', 'site'])).rejects.toThrow('was not found');
    await run('dism', [...enable('IIS-WebServer'), '/all']);
    await lab.fault({ kind: 'commit-conflict' });
    expect((await run(appcmd, ['list', 'apppool'])).exitCode).toBe(0);
    expect((await run(appcmd, ['add', 'apppool', '/name:Own'])).exitCode).toBe(0xc00cee2b);
    expect((await run(appcmd, ['list', 'apppool', 'Own'])).exitCode).toBe(1);
    expect((await run(appcmd, ['add', 'apppool', '/name:Own'])).exitCode).toBe(0);
    expect((await run(appcmd, ['list', 'apppool', 'Own'])).exitCode).toBe(0);
    expect((await lab.processes()).filter(({ changed }) => changed).map(({ args }) => args[0])).toEqual([
      '/online',
      'add',
    ]);
  });

  test('names the parents that are missing when it may not enable them', async () => {
    const { run, state, last } = await machine();
    const { exitCode, stdout } = await run('dism', enable('IIS-ASPNET45'));
    expect(exitCode).toBe(50);
    expect(stdout).toContain(
      "The 'IIS-ASPNET45' feature could not be enabled. Ensure that the following parent feature(s) are enabled first:\r\nIIS-WebServerRole, IIS-WebServer, IIS-ApplicationDevelopment",
    );
    expect(await state('IIS-WebServerRole')).toBe('Disabled');
    expect(await last()).toMatchObject({ changed: false });
  });

  test('an unknown feature is 0x800f080c, and none of the call is enabled', async () => {
    const { run, state } = await machine();
    const { exitCode, stdout } = await run('dism', enable('TelnetClient', 'IIS-Nope'));
    expect(exitCode).toBe(0x800f080c);
    expect(stdout).toContain('Error: 0x800f080c\r\n\r\nFeature name IIS-Nope is unknown.');
    expect(await state('TelnetClient')).toBe('Disabled');
  });

  test('a removed payload is 0x800f081f, until a source has it', async () => {
    const { run, state, write } = await machine();
    expect((await run('dism', [...enable('NetFx3'), '/all'])).exitCode).toBe(0x800f081f);
    await write('C:\\sxs\\microsoft-windows-netfx3-ondemand-package.cab', 'cab');
    expect(
      (await run('dism', [...enable('NetFx3'), '/all', '/source:C:\\sxs', '/limitaccess'])).exitCode,
    ).toBe(0);
    expect(await state('NetFx3')).toBe('Enabled');
    expect(
      (await run('dism', [...online, '/disable-feature', '/featurename:NetFx3', '/remove'])).exitCode,
    ).toBe(0);
    expect(await state('NetFx3')).toBe('Disabled with Payload Removed');
  });

  test('3010 leaves a pending state, which a restart makes real', async () => {
    const { run, state, lab } = await machine();
    expect((await run('dism', enable('Containers'))).exitCode).toBe(3010);
    expect(await state('Containers')).toBe('Enable Pending');
    await lab.restart();
    expect(await state('Containers')).toBe('Enabled');
    expect((await run('dism', [...online, '/disable-feature', '/featurename:containers'])).exitCode).toBe(
      3010,
    );
    expect(await state('Containers')).toBe('Disable Pending');
    await lab.restart();
    expect(await state('Containers')).toBe('Disabled');
  });

  test('what is enabled already changes nothing, in any case', async () => {
    const { run, last } = await machine();
    await run('dism', enable('TelnetClient'));
    expect((await run('dism', enable('telnetclient'))).exitCode).toBe(0);
    expect(await last()).toMatchObject({ changed: false });
  });

  test.each([
    [['/online', '/get-feature']],
    [['/english', '/get-features']],
    [['/online', '/enable-feature']],
  ])('refuses %s with 87', async args => {
    const { run } = await machine();
    expect((await run('dism', args)).exitCode).toBe(87);
  });

  test('speaks German, but not with /english', async () => {
    const { run, lab } = await machine();
    await lab.change({ language: 'de' });
    const german = (await run('dism', ['/online', '/get-features'])).stdout;
    expect(german).toContain('Featurename : IIS-WebServer\r\nStatus : Deaktiviert\r\n');
    expect(
      states((await run('dism', ['/online', '/english', '/get-features'])).stdout).get('IIS-WebServer'),
    ).toBe('Disabled');
    expect((await run('dism', [...online, '/get-featureinfo', '/featurename:NetFx3'])).stdout).toContain(
      'State : Disabled with Payload Removed',
    );
  });
});
