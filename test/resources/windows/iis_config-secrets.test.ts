import { describe, expect, test } from 'vitest';
import { iisAppPool } from '../../../src/resources/windows/iis/iis_app_pool.ts';
import { iisConfig } from '../../../src/resources/windows/iis/iis_config.ts';
import { iisSite } from '../../../src/resources/windows/iis/iis_site.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const pools = 'system.applicationHost/applicationPools';
const mapping = 'system.webServer/security/authentication/iisClientCertificateMappingAuthentication';
const anonymous = 'system.webServer/security/authentication/anonymousAuthentication';
const password = { $secret: 'env:P' };

async function start() {
  const made = await windowsWorld([
    'IIS-WebServerRole',
    'IIS-IISCertificateMappingAuthentication',
    'IIS-ManagementScriptingTools',
    'IIS-DirectoryBrowsing',
  ]);
  made.world.secrets['env:P'] = 'Fj4rd-Lamp';
  return {
    ...made,
    secret: (value: string) => Object.assign(made.world.secrets, { 'env:P': value }),
    converge: (title: string, properties: Parameters<typeof declare>[1]) =>
      converge([iisConfig], made.world, [declare(`iis_config:${title}`, properties)]),
    listed: (section: string, ...place: string[]) =>
      made.appcmd('list', 'config', ...place, `/section:${section}`, '/config:*'),
  };
}

describe('C1: what IIS encrypts', () => {
  test.each([
    [pools, { attributes: { 'applicationPoolDefaults.processModel.password': password } }],
    [pools, { mode: 'at_least', items: [{ name: 'DefaultAppPool', 'processModel.password': password }] }],
    [
      mapping,
      {
        path: 'Default Web Site',
        collections: { oneToOneMappings: [{ certificate: 'AA', userName: 'u', password }] },
      },
    ],
    [anonymous, { path: 'Default Web Site', attributes: { userName: 'u', password } }],
  ])('of %s is set from a reference, once, and is in no argument', async (section, properties) => {
    const { converge, lab, listed, secret } = await start();
    const place = 'path' in properties ? [properties.path] : [];
    expect((await converge(section, properties)).results).toEqual(['changed']);
    expect(await listed(section, ...place)).toContain('password="Fj4rd-Lamp"');
    expect(JSON.stringify(await lab.processes())).not.toContain('Fj4rd');
    expect((await converge(section, properties)).actions).toEqual(['none']);
    secret('An0ther');
    expect((await converge(section, properties)).actions).toEqual(['update']);
    expect(await listed(section, ...place)).toContain('password="An0ther"');
    const { planned } = await converge(section, properties);
    expect(JSON.stringify(planned)).not.toMatch(/Fj4rd|An0ther/);
  });

  test('a value that is a secret by its name alone is taken as a reference as well', async () => {
    const { converge, listed, lab } = await start();
    const properties = {
      mode: 'at_least',
      collections: { customHeaders: [{ name: 'X-Api-Key', value: password }] },
    };
    await converge('httpProtocol', properties);
    expect(await listed('httpProtocol')).toContain('value="Fj4rd-Lamp"');
    expect(JSON.stringify(await lab.processes())).not.toContain('Fj4rd');
    expect((await converge('httpProtocol', properties)).actions).toEqual(['none']);
  });

  test.each([
    { attributes: { 'applicationPoolDefaults.processModel.password': 'Fj4rd' } },
    { items: [{ name: 'P', 'processModel.password': 'Fj4rd' }] },
    { collections: { x: [{ name: 'P', encryptedValue: 'Fj4rd' }] }, key: ['name'] },
    { items: [{ name: 'P', below: [{ name: 'Q', adPassword: 'Fj4rd' }] }], key: ['name'] },
    { attributes: { clientCertPassword: 'Fj4rd' } },
    { collections: { customHeaders: [{ name: 'X-Api-Key', value: 'Fj4rd' }] }, key: ['name'] },
    { collections: { x: [{ Key: 'DB_PASSWORD', Value: 'Fj4rd' }] }, key: ['key'] },
    {
      items: [{ name: 'P', environmentVariables: [{ name: 'AUTH_TOKEN', value: 'Fj4rd' }] }],
      key: ['name'],
    },
  ])('is refused as plain text: %j', properties => {
    const said = mistakesIn(iisConfig, pools, properties, 'windows');
    expect(said).toMatch(/is a secret, and is there as plain text/);
    expect(said).not.toContain('Fj4rd');
  });

  test.each<[string, object]>([
    ['httpProtocol', { collections: { customHeaders: [{ name: 'X-Api-Key', value: password }] } }],
    ['httpProtocol', { collections: { customHeaders: [{ name: 'X-Api-Key', value: '' }] } }],
    ['httpProtocol', { collections: { customHeaders: [{ name: 'X-Token-Lifetime', value: '20' }] } }],
    ['rewrite/rewriteMaps', { items: [{ name: 'M', '.': [{ key: '/my-password', value: '/account' }] }] }],
    ['rewrite/rules', { items: [{ name: 'R', serverVariables: [{ name: 'API_KEY', value: '{C:1}' }] }] }],
  ])('what is none, or a reference, is taken in rows: %s %j', (section, properties) => {
    const said = mistakesIn(iisConfig, section, { mode: 'at_least', ...properties }, 'windows');
    expect(said).not.toContain('is a secret');
  });

  test.each([
    [iisAppPool, { set: { 'processModel.password': 'Fj4rd' } }],
    [iisSite, { set: { 'virtualDirectoryDefaults.password': 'Fj4rd' } }],
  ])('is refused in `set` of a type', (type, properties) => {
    expect(mistakesIn(type, 'X', properties, 'windows')).toMatch(/^\/set\/.* is a secret/);
  });
});

test.each([
  'machineKey',
  'system.web/machineKey',
  'appSettings',
  'connectionStrings',
  'system.net/mailSettings/smtp',
  'system.web/customErrors',
  'system.web.extensions/scripting/webServices/jsonSerialization',
  'system.serviceModel/serviceHostingEnvironment',
])('C7: %s is refused, since its root file is the web.config of the .NET Framework', section => {
  const mistakes = (title: string, properties: object) => mistakesIn(iisConfig, title, properties, 'windows');
  expect(mistakes(section, {})).toMatch(/its root file is the \.NET Framework's web\.config/);
  expect(mistakes('x', { section, path: 'S', commit: 'site' })).toMatch(/\.NET Framework/);
  expect(mistakes('system.webServer/httpErrors', {})).toBe('');
});

describe('C14: a web.config that says otherwise', () => {
  const file = 'C:\\inetpub\\wwwroot\\web.config';
  const of = (inside: string) =>
    `<configuration><system.webServer>${inside}</system.webServer></configuration>`;
  const said = async (text: string, properties: object, section = 'system.webServer/directoryBrowse') => {
    const { world, write } = await start();
    await write(file, text);
    const declared = declare(`iis_config:${section}`, { path: 'Default Web Site', ...properties });
    const { said } = await converge([iisConfig], world, [declared]);
    return said.filter(({ code }) => code === 'web-config-wins').map(({ message }) => message);
  };

  test('is named with what it says', async () => {
    expect(await said(of('<directoryBrowse enabled="false" />'), { attributes: { enabled: true } })).toEqual([
      expect.stringContaining(
        'c:/inetpub/wwwroot/web.config says otherwise of system.webServer/directoryBrowse (enabled)',
      ),
    ]);
    expect(
      await said(
        `<configuration><location path="."><system.webServer><directoryBrowse enabled="false" /></system.webServer></location></configuration>`,
        { attributes: { enabled: true } },
      ),
    ).toHaveLength(1);
    expect(
      await said(
        of('<httpProtocol><customHeaders><clear /></customHeaders></httpProtocol>'),
        { mode: 'at_least', collections: { customHeaders: [{ name: 'X', value: 'y' }] } },
        'system.webServer/httpProtocol',
      ),
    ).toEqual([expect.stringContaining('(customHeaders)')]);
  });

  test('is not when it says the same, or something else', async () => {
    expect(await said(of('<directoryBrowse enabled="true" />'), { attributes: { enabled: true } })).toEqual(
      [],
    );
    expect(await said(of('<directoryBrowse showFlags="Date" />'), { attributes: { enabled: true } })).toEqual(
      [],
    );
    expect(await said('<odd', { attributes: { enabled: true } })).toEqual([]);
  });
});
