import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { registry } from '../../../src/resources/registry.ts';
import { cli } from '../../support/cli.ts';
import { mistakesIn } from '../../support/mistakes.ts';

const product = "product_code: '{11111111-1111-1111-1111-111111111111}'";
const pool = 'identity_type: SpecificUser, user_name: me, password: "${secret(\'env:P\')}"';

/** What a field means nothing without; the same declaration with it is right. */
test.each<[string, string, string, RegExp]>([
  [
    'iis_vdir',
    'S/a: { password: "${secret(\'env:P\')}" }',
    'S/a: { user_name: me, password: "${secret(\'env:P\')}" }',
    /password.*means nothing without `user_name`/,
  ],
  [
    'iis_app_pool',
    'A: { user_name: me }',
    `A: { ${pool} }`,
    /user_name.*means nothing without `identity_type`/,
  ],
  [
    'registry_value',
    "'HKLM\\SOFTWARE\\A\\b': { name: c, value: 1 }",
    "x: { key: 'HKLM\\SOFTWARE\\A', name: c, value: 1 }",
    /name.*means nothing without `key`/,
  ],
  [
    'package',
    `p: { ${product}, properties: { A: b } }`,
    `p: { ${product}, source: 'c:\\a.msi', properties: { A: b } }`,
    /properties.*means nothing without `source`/,
  ],
])('%s: %s', async (type, wrong, right, why) => {
  const dir = mkdtempSync(join(tmpdir(), 'converge-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const validate = async (declaration: string) => {
    writeFileSync(join(dir, 'a.yaml'), `converge: 1\nresources:\n  ${type}:\n    ${declaration}\n`);
    return cli(dir, ['validate', 'a.yaml']);
  };
  const refused = await validate(wrong);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(why);
  expect((await validate(right)).stderr).not.toMatch(/means nothing without/);
});

const section = 'system.webServer/httpErrors';
test.each<[string, string, object, string]>([
  [
    'iis_app_pool',
    'A',
    { identity_type: 'LocalSystem', user_name: 'me' },
    '/user_name: worker processes run as LocalSystem',
  ],
  [
    'iis_site',
    'S',
    { bindings: [{ protocol: 'http', information: '*:80:', ssl_flags: 1 }] },
    '/bindings/0/ssl_flags: a binding of http has no TLS',
  ],
  ['iis_site', 'S', { bindings: [{ protocol: 'https', information: '*:443:', ssl_flags: 1 }] }, ''],
  [
    'iis_config',
    section,
    { mode: 'exact', attributes: { errorMode: 'Custom' } },
    '/mode: `mode` is about rows',
  ],
  ['iis_config', section, { key: ['x'], items: [{ statusCode: 404 }] }, '/key: what tells these rows'],
  ['iis_config', section, { mode: 'exact', items: [{ statusCode: 404 }] }, ''],
])('%s %s %j', (type, title, properties, why) => {
  const found = mistakesIn(registry.types.get(type)!, title, properties, 'windows');
  expect(found.slice(0, why.length || undefined)).toBe(why);
});
