import { describe, expect, test } from 'vitest';
import { iisFeatureChanged } from '../../../../src/lab/windows/iis/host/features.ts';
import { iisHost, lines, run } from './fixture.ts';

const SITE = 'Default Web Site';
const RULES = '-section:system.webServer/rewrite/rules';

/** What people’s .ebextensions call, arguments as they arrive after cmd has read the line. */
describe('commands of real deployments', () => {
  test('three lines for a pool, a site with a URL for its binding, and its application', async () => {
    const host = await iisHost();
    const name = 'CustomerName.NewWebServices';
    await lines(host, 'add', 'apppool', `/name:${name}`);
    await lines(
      host,
      ...['add', 'site', `/name:${name}`, '/id:2', '/bindings:http://web.customername.com:80'],
      '/physicalPath:c:\\inetpub\\newwebservices',
    );
    await lines(host, 'set', 'app', `${name}/`, `/applicationPool:${name}`);
    expect(await lines(host, 'list', 'site', name)).toEqual([
      `SITE "${name}" (id:2,bindings:http/*:80:web.customername.com,state:Started)`,
    ]);
    expect(await lines(host, 'list', 'app', `${name}/`)).toEqual([
      `APP "${name}/" (applicationPool:${name})`,
    ]);
    const again = await run(host, ['add', 'apppool', `/name:${name}`]);
    expect(again).toMatchObject({
      exitCode: 183,
      stdout: `ERROR ( message:Failed to add duplicate collection element "${name}". )\r\n`,
    });
  });

  test('the rule behind a load balancer', async () => {
    const host = await iisHost();
    await iisFeatureChanged(host, 'URL Rewrite', true);
    const set = (...edits: string[]) => run(host, ['set', 'config', SITE, RULES, ...edits]);
    const rule = "[name='ELB_HTTP_redirect']";
    expect((await set(`/-${rule}`)).exitCode).toBe(4312);
    expect((await set(`/+[name='ELB_HTTP_redirect',enabled='true',stopProcessing='true']`)).exitCode).toBe(0);
    await set(`/${rule}.match.url:^(.*)$`);
    await set(`/+${rule}.conditions.[input='{HTTP_X_FORWARDED_PROTO}',pattern='^https$',negate='true']`);
    await set(`/+${rule}.conditions.[input='{HTTP_USER_AGENT}',pattern='ELB-HealthChecker.*',negate='true']`);
    await set(`/${rule}.action.type:Redirect`, `/${rule}.action.url:https://{HTTP_HOST}{HTTP_URL}`);
    expect(await lines(host, 'list', 'config', SITE, RULES)).toEqual([
      '<system.webServer>',
      '    <rewrite>',
      '        <rules>',
      '            <rule name="ELB_HTTP_redirect" enabled="true" stopProcessing="true">',
      '                <match url="^(.*)$" />',
      '                <conditions>',
      '                    <add input="{HTTP_X_FORWARDED_PROTO}" pattern="^https$" negate="true" />',
      '                    <add input="{HTTP_USER_AGENT}" pattern="ELB-HealthChecker.*" negate="true" />',
      '                </conditions>',
      '                <serverVariables />',
      '                <action type="Redirect" url="https://{HTTP_HOST}{HTTP_URL}" />',
      '            </rule>',
      '        </rules>',
      '    </rewrite>',
      '</system.webServer>',
    ]);
    expect((await set(`/-${rule}`)).exitCode).toBe(0);
  });

  test('WebSockets, compression, log directory, defaults of pools', async () => {
    const host = await iisHost();
    const set = async (...args: string[]) =>
      expect((await run(host, ['set', 'config', ...args])).exitCode).toBe(0);
    await set(
      SITE,
      '-section:system.webServer/webSocket',
      '/enabled:True',
      '/pingInterval:00:00:10',
      '/commit:apphost',
    );
    await set('/section:urlCompression', '/doDynamicCompression:True');
    await set(
      '-section:system.applicationHost/sites',
      '/siteDefaults.logFile.directory:X:\\folder\\',
      '/commit:apphost',
    );
    await set(
      '-section:applicationPools',
      '-applicationPoolDefaults.recycling.periodicRestart.time:24:00:00',
    );
    await set(
      '-section:system.webServer/httpCompression',
      "/+dynamicTypes.[mimeType='application/json; charset=utf-8',enabled='True']",
      '/commit:apphost',
    );
    const text = async (...args: string[]) => (await lines(host, 'list', ...args)).join();
    expect(await text('site', SITE, '/text:logFile.directory')).toBe('X:\\folder\\');
    expect(await text('apppool', '/text:recycling.periodicRestart.time')).toBe('1.00:00:00');
    expect(await text('config', SITE, '/section:webSocket', '/text:pingInterval')).toBe('00:00:10');
    expect(await text('config', '/section:webSocket', '/text:pingInterval')).toBe('00:00:00');
    expect(await text('config', '/section:httpCompression')).toContain(
      '<add mimeType="application/json; charset=utf-8" enabled="true" />',
    );
    expect(await host.files.read('C:\\inetpub\\wwwroot\\web.config')).toBeUndefined();
  });
});
