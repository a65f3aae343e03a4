import { expect, test } from 'vitest';
import { windowsMachine } from '../fixture.ts';

const APPCMD = 'C:\\Windows\\System32\\inetsrv\\appcmd.exe';

async function webServer() {
  const machine = await windowsMachine();
  const features = ['IIS-WebServer', 'IIS-DefaultDocument'].map(name => `/featurename:${name}`);
  await machine.run('dism.exe', [
    '/online',
    '/english',
    '/enable-feature',
    ...features,
    '/all',
    '/norestart',
    '/quiet',
  ]);
  return machine;
}

test('appcmd comes with the web server, and its world outlives the process', async () => {
  const machine = await webServer();
  await machine.run(APPCMD, ['add', 'apppool', '/name:Größe']);
  await machine.run(APPCMD, ['stop', 'apppool', 'größe']);
  const again = await windowsMachine(machine.dir);
  const { stdout } = await again.run(APPCMD, ['list', 'apppool', '/text:*']);
  expect(stdout).toContain('APPPOOL.NAME: Größe');
  expect(stdout).toContain('state: Stopped');
  expect(await again.host.files.list('C:\\Windows\\System32\\inetsrv\\config')).toEqual([
    'applicationHost.config',
  ]);
});

test('lists change nothing, edits do', async () => {
  const machine = await webServer();
  const changed = async (...args: string[]) => {
    await machine.run(APPCMD, args);
    return (await machine.last())?.changed;
  };
  expect(await changed('list', 'site', '/config:*', '/xml')).toBe(false);
  expect(await changed('list', 'config', '/section:defaultDocument')).toBe(false);
  expect(await changed('add', 'apppool', '/name:DefaultAppPool')).toBe(false);
  expect(await changed('clear', 'config', '/section:validation', '/commit:apphost', 'Default Web Site')).toBe(
    false,
  );
  expect(await changed('set', 'apppool', 'DefaultAppPool', '/queueLength:2000')).toBe(true);
});

test('a restart of the machine starts what starts by itself', async () => {
  const machine = await webServer();
  await machine.run(APPCMD, ['stop', 'site', 'Default Web Site']);
  await machine.lab.restart();
  expect((await machine.run(APPCMD, ['list', 'site', '/text:state'])).stdout).toBe('Started\r\n');
});

test('a conflict with another writer, as a fault, changes nothing', async () => {
  const machine = await webServer();
  await machine.lab.fault({ kind: 'commit-conflict' });
  const add = () => machine.run(APPCMD, ['add', 'apppool', '/name:a']);
  expect(await add()).toMatchObject({
    exitCode: 0xc00cee2b,
    stdout: 'ERROR ( hresult:c00cee2b, message:Failed to commit configuration changes. \r\n\r\n )\r\n',
  });
  expect((await machine.run(APPCMD, ['list', 'apppool', 'a'])).exitCode).toBe(1);
  expect((await add()).exitCode).toBe(0);
});

test('iisreset starts what starts by itself', async () => {
  const machine = await webServer();
  await machine.run(APPCMD, ['stop', 'site', 'Default Web Site']);
  const { exitCode, stdout } = await machine.run('C:\\Windows\\System32\\iisreset.exe', []);
  expect({ exitCode, lines: stdout.split('\r\n').filter(line => line !== '') }).toEqual({
    exitCode: 0,
    lines: [
      'Attempting stop...',
      'Internet services successfully stopped',
      'Attempting start...',
      'Internet services successfully restarted',
    ],
  });
  expect((await machine.run(APPCMD, ['list', 'site', '/text:state'])).stdout).toBe('Started\r\n');
});
