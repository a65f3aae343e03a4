import { expect, test } from 'vitest';
import { adopt } from '../../../src/engine/record/adopt.ts';
import { iisAppPool } from '../../../src/resources/windows/iis/iis_app_pool.ts';
import { iisConfig } from '../../../src/resources/windows/iis/iis_config.ts';
import { catalogOf, testRun } from '../../support/engine-world.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const file = 'C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config';

/** What is adopted of a host with these features, after its applicationHost.config was edited. */
async function adopted(features: string[], edit: (text: string) => string, type = iisConfig) {
  const { world, host } = await windowsWorld(['IIS-WebServerRole', ...features]);
  const text = (await host.files.read(file))!.toString('utf8');
  await host.files.writeAtomic(file, Buffer.from(edit(text)));
  const query = { common: {} };
  const request = { types: [type], targets: [], query, declared: catalogOf([]), engine: '1.0.0' };
  const found = await adopt(testRun([type], world), request);
  expect(found.diagnostics).toEqual([]);
  expect(found.adopted.filter(({ pending }) => pending !== undefined)).toEqual([]);
  const { properties } = found.adopted[0] ?? {};
  return { ...found, all: found.adopted.map(({ title }) => title), first: properties };
}

const beside = (location: string) => (text: string) =>
  text.replace('</configuration>', `${location}</configuration>`);
const below = (path: string, sections: string) =>
  beside(`<location path="${path}"><system.webServer>${sections}</system.webServer></location>`);

test('what IIS and its features ship is not repeated', async () => {
  const features = [
    'IIS-DefaultDocument',
    'IIS-IPSecurity',
    'IIS-WindowsAuthentication',
    'IIS-ASP',
    'IIS-HttpRedirect',
  ];
  const { all, unsaid } = await adopted(features, text => text);
  // The lab ships a shorter list than IIS, of which every row is known.
  expect(all).toEqual([]);
  expect(unsaid.map(({ what }) => what).join()).toMatch(/system.webServer\/globalModules \(\d+ rows\)/);
});

test('a value that differs from what is shipped is said, alone', async () => {
  const { adopted: found } = await adopted(['IIS-DirectoryBrowsing'], text =>
    text
      .replace('<directoryBrowse enabled="false"', '<directoryBrowse enabled="true" showFlags="Size, Date"')
      .replace('value="ASP.NET"', 'value="nobody"'),
  );
  expect(found.map(({ title, properties }) => [title, properties])).toEqual([
    ['system.webServer/directoryBrowse', { attributes: { enabled: true, showFlags: 'Size, Date' } }],
    [
      'system.webServer/httpProtocol',
      { collections: { customHeaders: [{ name: 'X-Powered-By', value: 'nobody' }] }, mode: 'at_least' },
    ],
  ]);
});

test('rows are exact where nothing is inherited, also after <clear>, and at least elsewhere', async () => {
  const mime = '<mimeMap fileExtension=".x" mimeType="text/x" />';
  const site = 'Default Web Site';
  const features = ['IIS-StaticContent', 'IIS-IPSecurity'];
  const at = async (sections: string) => (await adopted(features, below(site, sections))).first;
  expect(await at(`<staticContent>${mime}</staticContent>`)).toMatchObject({ mode: 'at_least' });
  expect(await at(`<staticContent><clear />${mime}</staticContent>`)).not.toHaveProperty('mode');
  const row = '<add ipAddress="10.0.0.1" allowed="true" />';
  expect(await at(`<security><ipSecurity>${row}</ipSecurity></security>`)).toEqual({
    path: site,
    section: 'system.webServer/security/ipSecurity',
    items: [{ ipAddress: '10.0.0.1', allowed: true }],
  });
});

test('a section that is unlocked for a site, by itself or in two places of the file', async () => {
  const section = '<security><ipSecurity enableReverseDns="true" /></security>';
  const { first } = await adopted(['IIS-IPSecurity'], text =>
    beside(
      `<location path="Default Web Site" overrideMode="Allow"><system.webServer><security><ipSecurity /></security></system.webServer></location>`,
    )(below('Default Web Site', section)(text)),
  );
  expect(first).toMatchObject({ attributes: { enableReverseDns: true }, unlock: true });
});

test('a secret in a row is left out; rows that have a name of their own are rows', async () => {
  const { adopted: found, unsaid } = await adopted(['IIS-CGI'], text =>
    text
      .replace('<fastCgi />', '<fastCgi><application fullPath="c:\\a.exe" /></fastCgi>')
      .replace('</customHeaders>', '<add name="X-Api-Key" value="hunter2" /></customHeaders>'),
  );
  expect(JSON.stringify([found, unsaid])).not.toContain('hunter2');
  expect(found.map(({ properties }) => properties)).toEqual([
    { items: [{ fullPath: 'c:\\a.exe' }] },
    { collections: { customHeaders: [{ name: 'X-Api-Key' }] }, mode: 'at_least' },
  ]);
  expect(unsaid).toContainEqual(
    expect.objectContaining({ what: 'system.webServer/httpProtocol: X-Api-Key' }),
  );
});

test('pools: text stays text, and what no property says is told', async () => {
  const pool =
    '<add name="P" queueLength="2000"><processModel identityType="SpecificUser" userName="123" password="[enc:x:y:enc]" idleTimeout="1.05:00:00" />' +
    '<environmentVariables><add name="A" value="b" /></environmentVariables></add>';
  const { adopted: found, unsaid } = await adopted(
    [],
    text => text.replace('<applicationPoolDefaults', `${pool}<applicationPoolDefaults`),
    iisAppPool as never,
  );
  const { properties, note } = found.find(({ title }) => title === 'P')!;
  expect(properties).toEqual({
    identity_type: 'SpecificUser',
    user_name: '123',
    queue_length: 2000,
    idle_timeout: '1d5h',
    state: 'started',
  });
  expect(note).toContain('password');
  expect(unsaid).toEqual([
    { type: 'iis_app_pool', what: 'P: environmentVariables', why: 'no property says it' },
  ]);
});
