import { expect, test } from 'vitest';
import { iisAppPool } from '../../../src/resources/windows/iis/iis_app_pool.ts';
import { iisConfig } from '../../../src/resources/windows/iis/iis_config.ts';
import { iisSite } from '../../../src/resources/windows/iis/iis_site.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const ipSecurity = 'system.webServer/security/ipSecurity';
const site = 'Default Web Site';

async function start() {
  const made = await windowsWorld(['IIS-WebServerRole', 'IIS-IPSecurity', 'IIS-RequestFiltering']);
  return {
    ...made,
    converge: (title: string, properties: Parameters<typeof declare>[1]) =>
      converge([iisConfig], made.world, [declare(`iis_config:${title}`, properties)]),
    rows: async () =>
      [
        ...(await made.appcmd('list', 'config', site, `/section:${ipSecurity}`, '/config:*')).matchAll(
          /ipAddress="([^"]*)"/g,
        ),
      ].map(([, address]) => address),
    add: (address: string) =>
      made.appcmd(
        'set',
        'config',
        site,
        `/section:${ipSecurity}`,
        `/+[ipAddress='${address}',allowed='true']`,
        '/commit:apphost',
      ),
  };
}

const row = (ipAddress: string) => ({ ipAddress, allowed: true });

test('rows are exact: what is not declared goes, what is right stays, in one call each', async () => {
  const { converge, add, rows, lab } = await start();
  for (const address of ['10.0.0.1', '10.0.0.2']) await add(address);
  await lab.forgetProcesses();
  await converge(ipSecurity, { path: site, items: [row('10.0.0.2'), row('10.0.0.3')] });
  expect(await rows()).toEqual(['10.0.0.2', '10.0.0.3']);
  const changing = (await lab.processes())
    .filter(({ changed }) => changed)
    .map(({ args }) => args.slice(0, 2).join(' '));
  expect(changing).toEqual(['add backup', 'set config', 'set config']);
});

test('or at least: others stay', async () => {
  const { converge, add, rows } = await start();
  await add('10.0.0.1');
  await converge(ipSecurity, { path: site, mode: 'at_least', items: [row('10.0.0.3')] });
  expect(await rows()).toEqual(['10.0.0.1', '10.0.0.3']);
  const again = await converge(ipSecurity, { path: site, mode: 'at_least', items: [row('10.0.0.3')] });
  expect(again.actions).toEqual(['none']);
});

test('a value that a row leaves out is the one that IIS assumes', async () => {
  const { converge, add } = await start();
  await add('10.0.0.1');
  const full = { ...row('10.0.0.1'), subnetMask: '255.255.255.255' };
  expect((await converge(ipSecurity, { path: site, items: [full] })).actions).toEqual(['none']);
});

test('two rows with one key, and rows of a section that nobody told the key of, are mistakes', async () => {
  const { converge } = await start();
  const same = await converge(ipSecurity, { path: site, items: [row('10.0.0.1'), row('10.0.0.1')] }).catch(
    error => error,
  );
  expect(same.diagnostics ?? same.said).toMatchObject([{ code: 'same-row' }]);
  const unknown = await converge('system.webServer/custom', { items: [{ a: 1 }] }).catch(error => error);
  expect(unknown.diagnostics ?? unknown.said).toMatchObject([
    { code: 'no-key', hint: 'say it with `key: [name]`' },
  ]);
});

test('a locked section is unlocked only when that is asked for', async () => {
  const { converge, read } = await start();
  const properties = { path: site, commit: 'site', attributes: { allowUnlisted: false } };
  expect((await converge(ipSecurity, properties)).said).toMatchObject([{ code: 'iis-section-locked' }]);
  expect((await converge(ipSecurity, { ...properties, unlock: true })).results).toEqual(['changed']);
  expect(await read('C:\\inetpub\\wwwroot\\web.config')).toContain('allowUnlisted="false"');
});

test('what is declared is written to applicationHost.config, below a location', async () => {
  const { converge, read } = await start();
  await converge(ipSecurity, { path: site, attributes: { allowUnlisted: false } });
  const config = await read('C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config');
  expect(config).toMatch(/<location path="Default Web Site">[\s\S]*allowUnlisted="false"/);
  expect(await read('C:\\inetpub\\wwwroot\\web.config')).toBeUndefined();
});

test('a section whose feature is missing waits for it', async () => {
  const { converge } = await start();
  const { said } = await converge('system.webServer/security/authentication/windowsAuthentication', {
    attributes: { enabled: true },
  });
  expect(said).toMatchObject([
    {
      message: expect.stringContaining(
        '`section:system.webserver/security/authentication/windowsauthentication`',
      ),
    },
  ]);
});

test('a section of a site that is still to be made waits for it, on a machine that has IIS already', async () => {
  const { world, converge: one } = await start();
  const of = { path: 'Shop', attributes: { allowUnlisted: false } };
  const made = await converge([iisSite, iisConfig, iisAppPool], world, [
    declare(`iis_config:${ipSecurity}`, of),
    declare('iis_site:Shop', { bindings: ['http/*:80:shop.com'], physical_path: 'c:\\inetpub\\wwwroot' }),
  ]);
  expect(made.said).toEqual([]);
  expect(made.results).toEqual(['changed', 'changed']);
  expect((await one(ipSecurity, of)).actions).toEqual(['none']);
  const { said } = await one(ipSecurity, { ...of, path: 'Nope/app' });
  expect(said).toMatchObject([
    {
      code: 'not-observable',
      message: expect.stringContaining('`site:nope`'),
      hint: expect.stringContaining('declare that site'),
    },
  ]);
});

test('below a site that is not there yet it waits for the site, in any language', async () => {
  const { converge, lab } = await start();
  await lab.change({ language: 'de' });
  const { said } = await converge(ipSecurity, { path: 'Shop/api', items: [row('10.0.0.1')] });
  expect(said).toMatchObject([{ message: expect.stringContaining('`site:shop`') }]);
});

test('a collection of a row is part of it', async () => {
  const { converge } = await start();
  const section = 'system.webServer/security/requestFiltering';
  const declared = {
    path: site,
    collections: { fileExtensions: [{ fileExtension: '.exe', allowed: false }] },
  };
  const first = await converge(section, declared);
  expect(first.results).toEqual(['changed']);
  expect((await converge(section, declared)).actions).toEqual(['none']);
});

test.each([
  [{ path: site, attributes: { commit: 'site' } }, 'commit'],
  [{ path: site, attributes: { '-[ipAddress': 'x' } }, '-[ipAddress'],
  [{ path: site, items: [{ ...row('10.0.0.1'), "a'": 'x' }] }, "a'"],
  [{ path: '/commit:site', attributes: { allowUnlisted: true } }, '/commit:site'],
])('nothing declared is read as an option of appcmd: %j', (properties, name) => {
  expect(mistakesIn(iisConfig, ipSecurity, properties)).toContain(`\`${name}\``);
});
