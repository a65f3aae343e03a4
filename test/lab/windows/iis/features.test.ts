import { describe, expect, test } from 'vitest';
import { FEATURES } from '../../../../src/lab/windows/iis/host/feature-table.ts';
import { APPCMD, iisFeatureChanged } from '../../../../src/lab/windows/iis/host/features.ts';
import { REGISTRATIONS } from '../../../../src/lab/windows/iis/host/registrations.ts';
import { SECTIONS } from '../../../../src/lab/windows/iis/schema/sections.ts';
import { hostFile, iisHost, lines, run } from './fixture.ts';

describe('features', () => {
  test('the web server brings appcmd.exe, a site and a pool, and few sections', async () => {
    const host = await iisHost('en', []);
    expect(await host.files.stat(APPCMD)).toMatchObject({ kind: 'file' });
    expect(await lines(host, 'list', 'site')).toHaveLength(1);
    expect(await lines(host, 'list', 'apppool')).toHaveLength(1);
    expect(await run(host, ['set', 'config', '/section:ipSecurity', '/allowUnlisted:false'])).toMatchObject({
      exitCode: 87,
      stdout: 'ERROR ( message:Unknown config section "ipSecurity".  Replace with -? for help. )\r\n',
    });
  });

  test.each([
    ['IIS-IPSecurity', 'system.webServer/security/ipSecurity', 'IpRestrictionModule'],
    ['IIS-HttpCompressionDynamic', 'system.webServer/httpCompression', 'DynamicCompressionModule'],
    ['IIS-WebSockets', 'system.webServer/webSocket', 'WebSocketModule'],
    ['URL Rewrite', 'system.webServer/rewrite/rules', 'RewriteModule'],
  ])('%s brings %s and takes it along', async (feature, section, module) => {
    const host = await iisHost('en', []);
    const sections = () => lines(host, 'list', 'config', '/section:?');
    const bare = await hostFile(host);
    await iisFeatureChanged(host, feature.toLowerCase(), true);
    expect(await sections()).toContain(section);
    expect((await run(host, ['list', 'config', `/section:${section}`])).exitCode).toBe(0);
    for (const list of ['globalModules', 'modules'])
      expect((await lines(host, 'list', 'config', `/section:${list}`)).join()).toContain(`"${module}"`);
    const full = await hostFile(host);
    await iisFeatureChanged(host, feature, true);
    expect(await hostFile(host)).toBe(full);
    await iisFeatureChanged(host, feature, false);
    expect(await sections()).not.toContain(section);
    expect((await hostFile(host)).match(/<add /g)).toHaveLength(bare.match(/<add /g)!.length);
  });

  test('a section that two features need goes with the second', async () => {
    const host = await iisHost('en', ['IIS-HttpCompressionStatic', 'IIS-HttpCompressionDynamic']);
    const code = async () => (await run(host, ['list', 'config', '/section:urlCompression'])).exitCode;
    await iisFeatureChanged(host, 'IIS-HttpCompressionDynamic', false);
    expect(await code()).toBe(0);
    await iisFeatureChanged(host, 'IIS-HttpCompressionStatic', false);
    expect(await code()).toBe(87);
  });

  test('without the web server appcmd.exe is gone; its configuration is found again', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'apppool', '/name:kept');
    await iisFeatureChanged(host, 'IIS-WebServerRole', false);
    expect(await host.files.stat(APPCMD)).toBeUndefined();
    await iisFeatureChanged(host, 'IIS-WebServer', true);
    expect(await host.files.stat(APPCMD)).toMatchObject({ kind: 'file' });
    expect(await lines(host, 'list', 'apppool', '/text:name')).toEqual(['DefaultAppPool', 'kept']);
  });

  test('features of other parts of Windows don’t bring IIS', async () => {
    const host = await iisHost('en', []);
    const before = new Map(host.files.written);
    await iisFeatureChanged(host, 'TelnetClient', true);
    expect(host.files.written).toEqual(before);
  });

  test('every section has a schema, and every one that a feature brings is registered', () => {
    expect([...SECTIONS.keys()].sort()).toEqual(Object.keys(REGISTRATIONS).sort());
    for (const { sections = [] } of Object.values(FEATURES))
      for (const section of sections) expect(SECTIONS.has(`system.webServer/${section}`)).toBe(true);
  });

  test('every section can be listed on a whole host', async () => {
    const { exitCode, stdout } = await run(await iisHost(), ['list', 'config', '/config:*', '/xml']);
    expect(exitCode).toBe(0);
    expect(stdout.match(/<CONFIG /g)!.length).toBeGreaterThan(40);
  });
});
