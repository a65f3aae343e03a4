import { expect, test } from 'vitest';
import { type JsonSchema, valueSchema } from '../../src/manifest/schema/json-schema.ts';
import { noKeywords } from '../../src/manifest/schema/keywords.ts';
import { validatorFor } from '../../src/manifest/schema/validator.ts';
import { metaparameters } from '../../src/manifest/values/metaparameters.ts';
import { registry } from '../../src/resources/registry.ts';
import { compileText } from './fixture.ts';

const secret = "${secret('env:X')}";
const aws = (more: string) => `dr: { type: aws, region: eu-west-1, ${more} }`;
const vsphere = (more: string) =>
  `home: { type: vsphere, url: https://vc.example.com, username: u, password: "${secret}", ${more} }`;
const pin = 'ab'.repeat(32);

test.each([
  [aws("bandwidth: { timezone: 'Europe/Dublin' }"), '`timezone`: means nothing without `windows`', "'Eur"],
  [
    aws("bandwidth: { limit: 200 Mbit/s, timezone: 'Europe/Dublin' }"),
    '`timezone`: means nothing without `windows`',
    "'Eur",
  ],
  [aws('access_key_id: AKIA'), '`access_key_id`: means nothing without `secret_access_key`', 'AKIA'],
  [aws(`secret_access_key: "${secret}"`), '`secret_access_key`: means nothing without `access_key_id`', '"'],
  [
    aws(`profile: p, access_key_id: AKIA, secret_access_key: "${secret}"`),
    '`profile`: both a profile and keys are given, and the keys alone would count',
    'p,',
  ],
  [
    vsphere(`ca: a.pem, sha256: ${pin}`),
    '`ca`: both an authority and a fingerprint are given, and the fingerprint alone would count',
    'a.pem',
  ],
  [vsphere('limits: {}'), '`limits`: expected at least 1 property', '{}'],
])('what a target says in vain is a mistake at its place: %s', async (body, message, at) => {
  const text = `targets: { ${body} }\n`;
  const { diagnostics } = await compileText(text, { registry });
  expect(diagnostics).toMatchObject([{ message }]);
  expect(text.slice(diagnostics[0]!.at!.column - 1)).toMatch(new RegExp(`^${at}`));
});

test('what belongs together is taken', async () => {
  const windows = "windows: [{ from: '08:00', to: '18:00', limit: 50 Mbit/s }]";
  const text = `targets: { ${aws(`profile: p, bandwidth: { timezone: Europe/Dublin, ${windows} }`)}, ${vsphere('ca: a.pem')} }\n`;
  expect((await compileText(text, { registry })).diagnostics).toEqual([]);
});

test('no schema says what no validator looks at', () => {
  const schemas = [
    ...[...registry.types.values()].flatMap(({ name, schema, select }) => [
      [name, schema] as const,
      ...(select ? [[`${name}, select`, select.schema] as const] : []),
    ]),
    ...[...registry.targets.values()].map(({ name, schema }) => [`target ${name}`, schema] as const),
    ...Object.entries(metaparameters),
  ];
  expect(schemas.length).toBeGreaterThan(30);
  for (const [name, schema] of schemas) expect(noKeywords(valueSchema(schema as never)), name).toEqual([]);
});

test('each keyword that counts as one refuses something', async () => {
  const refusing: Record<string, [schema: JsonSchema, value: unknown]> = {
    type: [{ type: 'string' }, 1],
    enum: [{ enum: [1] }, 2],
    const: [{ const: 1 }, 2],
    required: [{ required: ['a'] }, {}],
    pattern: [{ pattern: '^a' }, 'b'],
    minLength: [{ minLength: 2 }, 'a'],
    maxLength: [{ maxLength: 1 }, 'ab'],
    minimum: [{ minimum: 2 }, 1],
    maximum: [{ maximum: 1 }, 2],
    exclusiveMinimum: [{ exclusiveMinimum: 1 }, 1],
    exclusiveMaximum: [{ exclusiveMaximum: 1 }, 1],
    multipleOf: [{ multipleOf: 2 }, 3],
    minItems: [{ minItems: 1 }, []],
    maxItems: [{ maxItems: 1 }, [1, 2]],
    uniqueItems: [{ uniqueItems: true }, [1, 1]],
    minProperties: [{ minProperties: 1 }, {}],
    maxProperties: [{ maxProperties: 0 }, { a: 1 }],
    properties: [{ properties: { a: { not: {} } } }, { a: 1 }],
    patternProperties: [{ patternProperties: { '^a': { not: {} } } }, { a: 1 }],
    additionalProperties: [{ additionalProperties: false }, { a: 1 }],
    propertyNames: [{ propertyNames: { minLength: 2 } }, { a: 1 }],
    items: [{ items: { type: 'string' } }, [1]],
    additionalItems: [{ items: [{}], additionalItems: false }, [1, 2]],
    contains: [{ contains: { const: 1 } }, [2]],
    dependencies: [{ dependencies: { a: ['b'] } }, { a: 1 }],
    anyOf: [{ anyOf: [{ const: 1 }] }, 2],
    oneOf: [{ oneOf: [{ const: 1 }] }, 2],
    allOf: [{ allOf: [{ const: 1 }] }, 2],
    not: [{ not: { const: 1 } }, 1],
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    if: [{ if: { const: 1 }, then: false }, 1],
    else: [{ if: { const: 1 }, else: false }, 2],
  };
  for (const [keyword, [schema, value]] of Object.entries(refusing)) {
    expect(noKeywords(schema), keyword).toEqual([]);
    expect((await validatorFor(schema))(value), keyword).toBe(false);
  }
  // Of later drafts, and misspelt: silence would look like agreement.
  for (const keyword of ['dependentRequired', 'dependentSchemas', 'prefixItems', 'minimun', 'minContains'])
    expect(noKeywords({ properties: { a: { [keyword]: {} } } })).toMatchObject([
      { pointer: `/properties/a/${keyword}`, keyword },
    ]);
  expect(noKeywords({ properties: { minimun: { 'x-secret': true } }, enum: [{ minimun: 1 }] })).toEqual([]);
});
