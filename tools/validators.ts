/** Compiles the schemas of all types to validators, so that no command loads ajv. Runs before every build. */
import { mkdir, writeFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { type JsonSchema, valueSchema } from '../src/manifest/schema/json-schema.ts';
import { ajvOptions, schemaKey } from '../src/manifest/schema/schema-key.ts';
import { registry } from '../src/resources/registry.ts';

const generated = new URL('../src/manifest/generated/', import.meta.url);

const declaration = `import type { ValidateFunction } from 'ajv';
/** By key of the schema, see schema-key.ts; each is loaded when it is asked for. */
export declare const validators: Record<string, (() => Promise<ValidateFunction>) | undefined>;
`;

/** Source of a module with the validator of one schema. */
function validatorModule(schema: JsonSchema): string {
  const ajv = new Ajv({ ...ajvOptions, code: { source: true, esm: true } });
  return withoutRequire(standalone.default(ajv, ajv.compile(schema)));
}

/** ajv's code asks for its helpers with require(), which a module doesn't have: node's own do as well. */
function withoutRequire(code: string): string {
  const result = code
    .replace(/require\("ajv\/dist\/runtime\/equal"\)\.default/g, 'isDeepStrictEqual')
    .replace(/require\("ajv\/dist\/runtime\/ucs2length"\)\.default/g, '(text => [...text].length)');
  const left = /require\("[^"]+"\)/.exec(result)?.[0];
  if (left) throw new Error(`a validator needs ${left}; give it a stand-in here`);
  return `import { isDeepStrictEqual } from 'node:util';\n${result}`;
}

await mkdir(new URL('validators/', generated), { recursive: true });
const kinds = [
  ...[...registry.types.values()].map(({ name, schema }) => ({ file: `${name}.js`, schema })),
  ...[...registry.targets.values()].map(({ name, schema }) => ({ file: `target-${name}.js`, schema })),
].map(({ file, schema }) => ({ file, schema: valueSchema(schema) }));
for (const { file, schema } of kinds)
  await writeFile(new URL(`validators/${file}`, generated), validatorModule(schema));
const entries = kinds.map(
  ({ file, schema }) =>
    `  '${schemaKey(schema)}': async () => (await import('./validators/${file}')).validate,\n`,
);
await writeFile(new URL('validators.js', generated), `export const validators = {\n${entries.join('')}};\n`);
await writeFile(new URL('validators.d.ts', generated), declaration);
