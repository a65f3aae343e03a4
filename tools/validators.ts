/** Compiles the schemas of all types to validators, so that no command loads ajv. Runs before every build. */
import { mkdir, writeFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import type { Registry } from '../src/engine/model/resource-type.ts';
import { valueSchema } from '../src/manifest/schema/json-schema.ts';
import { ajvOptions, schemaKey } from '../src/manifest/schema/schema-key.ts';
import { registry } from '../src/resources/registry.ts';

const root = new URL('../', import.meta.url);
const generated = new URL('src/manifest/generated/', root);

const declaration = `import type { ValidateFunction } from 'ajv';
/** By key of the schema, see schema-key.ts. */
export declare const validators: Record<string, ValidateFunction | undefined>;
`;

/** Source of a module with one validator per type and kind of target. */
function validatorModule({ types, targets }: Registry): string {
  const schemas = [...types.values(), ...targets.values()].map(({ schema }) => valueSchema(schema));
  const ajv = new Ajv({ ...ajvOptions, code: { source: true, esm: true } });
  const names: Record<string, string> = {};
  for (const schema of schemas) {
    const key = schemaKey(schema);
    ajv.addSchema(schema, key);
    names[`v${key}`] = key;
  }
  const entries = Object.entries(names).map(([name, key]) => `  '${key}': ${name},`);
  return `${withoutRequire(standalone.default(ajv, names))}
export const validators = {
${entries.join('\n')}
};
`;
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

await mkdir(generated, { recursive: true });
await writeFile(new URL('validators.js', generated), validatorModule(registry));
await writeFile(new URL('validators.d.ts', generated), declaration);
