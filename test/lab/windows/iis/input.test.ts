import { describe, expect, test } from 'vitest';
import { iisHost, lines, run } from './fixture.ts';

const xml = async (host: Parameters<typeof run>[0], ...args: string[]) =>
  (await run(host, [...args, '/xml'])).stdout;

describe('/in', () => {
  test('pools and sites of one server become those of another', async () => {
    const from = await iisHost();
    await lines(
      from,
      'add',
      'apppool',
      '/name:p',
      '/processModel.idleTimeout:00:05:00',
      "/+recycling.periodicRestart.schedule.[value='03:00:00']",
    );
    await lines(from, 'add', 'site', '/name:s', '/bindings:http/*:81:,https/*:444:', '/physicalPath:C:\\s');
    await lines(from, 'set', 'app', 's/', '/applicationPool:p');
    const to = await iisHost();
    const pools = await xml(from, 'list', 'apppool', 'p', '/config:*');
    const sites = await xml(from, 'list', 'site', 's', '/config');
    expect((await run(to, ['add', 'apppool', '/in'], pools)).stdout).toBe('APPPOOL object "p" added\r\n');
    expect((await run(to, ['add', 'site', '-'], sites)).stdout).toBe('SITE object "s" added\r\n');
    for (const list of [['apppool', '/config:*'], ['site', '/config:*'], ['vdir'], ['app']])
      expect(await lines(to, 'list', ...list)).toEqual(await lines(from, 'list', ...list));
  });

  test('each row for itself: one that is there doesn’t stop the others', async () => {
    const host = await iisHost();
    const input = '<appcmd><APPPOOL APPPOOL.NAME="DefaultAppPool" /><APPPOOL APPPOOL.NAME="new" /></appcmd>';
    const { exitCode, stdout } = await run(host, ['add', 'apppool', '/in'], input);
    expect(exitCode).toBe(183);
    expect(stdout.split('\r\n').slice(0, 2)).toEqual([
      'ERROR ( message:Failed to add duplicate collection element "DefaultAppPool". )',
      'APPPOOL object "new" added',
    ]);
  });

  test('a pipe of lists narrows', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:s', '/physicalPath:C:\\s');
    const input = await xml(host, 'list', 'site', 's');
    expect((await run(host, ['list', 'apps', '/in'], input)).stdout).toBe(
      'APP "s/" (applicationPool:DefaultAppPool)\r\n',
    );
    expect((await run(host, ['stop', 'site', '/in'], input)).stdout).toBe('"s" successfully stopped.\r\n');
  });

  test('a section: cleared, and filled', async () => {
    const host = await iisHost();
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<appcmd>
    <CONFIG CONFIG.SECTION="system.webServer/staticContent" path="MACHINE/WEBROOT/APPHOST">
        <system.webServer-staticContent enableDocFooter="true">
            <clientCache cacheControlMode="DisableCache" />
            <clear />
            <mimeMap fileExtension=".x" mimeType="a/b" />
        </system.webServer-staticContent>
    </CONFIG>
</appcmd>`;
    expect((await run(host, ['set', 'config', '-in', 'Default Web Site'], body)).exitCode).toBe(0);
    const shown = await lines(host, 'list', 'config', 'Default Web Site', '/section:staticContent');
    expect(shown.map(line => line.trim())).toEqual([
      '<system.webServer>',
      '<staticContent enableDocFooter="true">',
      '<clientCache cacheControlMode="DisableCache" />',
      '<mimeMap fileExtension=".x" mimeType="a/b" />',
      '</staticContent>',
      '</system.webServer>',
    ]);
  });

  test.each([
    ['no XML', 'SITE "a"'],
    ['no appcmd document', '<sites />'],
    [
      'a newer server’s attribute',
      '<appcmd><APPPOOL APPPOOL.NAME="n"><add name="n" newer="1" /></APPPOOL></appcmd>',
    ],
  ])('%s is invalid data', async (_, input) => {
    expect(await run(await iisHost(), ['add', 'apppool', '/in'], input)).toMatchObject({
      exitCode: 13,
      stdout: 'ERROR ( hresult:8007000d, message:Command execution failed.\r\nThe data is invalid.\r\n )\r\n',
    });
  });
});
