import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchema } from '../../src/app/session/editor-schema.ts';
import { nodeHost } from '../../src/io/node.ts';
import { validators } from '../../src/manifest/generated/validators.js';
import { manifestSchema, moduleSchema } from '../../src/manifest/language-schema.ts';
import { valueSchema } from '../../src/manifest/schema/json-schema.ts';
import { schemaKey } from '../../src/manifest/schema/schema-key.ts';
import { validatorFor } from '../../src/manifest/schema/validator.ts';
import { registry } from '../../src/resources/registry.ts';
import { fakeRegistry } from './fixture.ts';

describe('generated files', () => {
  it.each([
    ['manifest', () => editorSchema(registry, [], nodeHost())],
    ['module', async () => moduleSchema],
  ])('schemas/%s.schema.json is fresh (else: npm run generate)', async (name, make) => {
    const written = await readFile(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
    expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(await make())));
  });

  it.each([...registry.types.values(), ...registry.targets.values()])(
    'the validator of $name is precompiled (else: npm run generate)',
    async ({ schema }) => {
      const precompiled = await validators[schemaKey(valueSchema(schema))]?.();
      expect(precompiled).toBeTypeOf('function');
      expect(await validatorFor(valueSchema(schema))).toBe(precompiled);
      const late = new Ajv({ strict: false, validateFormats: false }).compile(valueSchema(schema));
      for (const value of [{}, { no_such_property: 1 }, [], 'text'])
        expect(precompiled?.(value)).toBe(late(value));
    },
  );
});

describe('the schema for editors', () => {
  const parameters = {
    required: ['size'],
    properties: { size: { type: 'integer' }, each: { format: 'duration' } },
  };
  const schema = manifestSchema(fakeRegistry, [{ name: 'a_module', description: 'Of a size.', parameters }]);
  const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

  it.each([
    'converge: 1',
    'converge: 1\nrequires: { converge: ">=0.1", os: linux }\nresources: { note: { a: ~, b: {} }, site: }',
    'converge: 1\nresources: { note: { a: { mode: 0644, path: 4.0, tags: { on: true }, kind: rich, store: "s3://x" } } }',
    'converge: 1\nresources: { note: { a: { require: note:b, notify: [ note:c ], ensure: absent, labels: [ x ], noop: true } } }',
    'converge: 1\ntargets: { a: { type: cloud, url: "https://x", password: "${secret(\'env:X\')}" }, b: { type: ship } }',
    'converge: 1\nresources: { store: { a: { region: eu, target: b } } }',
    'converge: 1\nresources: { a_module: { a: { size: 3, each: 5m, require: note:a }, b: { size: "${params.n}", each: "${params.e}" } } }',
    'converge: 1\nparams: { n: 3 }\ndata: { a: { b: 1 } }',
    'converge: 1\nresources: { note: { a: { size: "${params.n}", tags: { a: "${data.b}" }, when: params.n > 2 } } }',
  ])('takes %s', text => {
    expect(validate(parse(text)) || validate.errors).toBe(true);
  });

  it.each([
    'resources: {}',
    'converge: 2',
    'converge: 1\nother: 1',
    'converge: 1\nresources: { note: { a: { sise: 3 } } }',
    'converge: 1\nresources: { note: { a: { size: x } } }',
    'converge: 1\nresources: { a_module: 3 }',
    'converge: 1\nresources: { a_module: { a: ~ } }',
    'converge: 1\nresources: { a_module: { a: { sise: 3 } } }',
    'converge: 1\nresources: { a_module: { a: { size: x } } }',
    'converge: 1\nresources: { a_module: { a: { size: 3, each: fortnightly } } }',
    'converge: 1\nresources: { a_module: { a: { size: 3, protect: true } } }',
    'converge: 1\nresources: { a_modul: { a: { size: 3 } } }',
    'converge: 1\nresources: { note: { a: { timeout: soon } } }',
    'converge: 1\nresources: { note: { a: { window: { from: 2am, to: 03:00 } } } }',
    'converge: 1\nresources: { note: { a: { kind: odd } } }',
    'converge: 1\nresources: { note: { a: { key: hunter2 } } }',
    'converge: 1\nresources: { note: { a: { ensure: gone } } }',
    'converge: 1\nresources: { store: { a: {} } }',
    'converge: 1\ntargets: { a: { type: other } }',
    'converge: 1\ntargets: { a: { type: ship, url: x } }',
    'converge: 1\ntargets: { a: { url: x } }',
  ])('refuses %s', text => {
    expect(validate(parse(text))).toBe(false);
  });

  it('documents every type and property', () => {
    const resources = (schema.properties as { resources: { properties: object } }).resources;
    expect(resources.properties).toMatchObject({ note: { description: 'A note.' }, store: {}, site: {} });
    expect(JSON.stringify(schema)).toContain('Permissions, as chmod takes them.');
  });
});

it('the form that values are read by: constants are an enum, unions are flat, secrets are references', () => {
  const of = (name: string) => valueSchema(fakeRegistry.types.get('note')!.schema).properties?.[name];
  expect(of('kind')).toEqual({ enum: ['plain', 'rich', 'raw'] });
  expect(of('key')).toMatchObject({ 'x-secret': true, type: 'object', required: ['$secret'] });
  expect(of('store')?.anyOf?.map(({ type }) => type)).toEqual(['string', 'object']);
});
