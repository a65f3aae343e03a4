import type { ValidateFunction } from 'ajv';
import { validators } from '../generated/validators.js';
import type { JsonSchema } from './json-schema.ts';
import { ajvOptions, schemaKey } from './schema-key.ts';

const ready = new WeakMap<JsonSchema, ValidateFunction>();

/** The validator of a schema: the precompiled one, or for a schema that is not built in, one made now. */
export async function validatorFor(schema: JsonSchema): Promise<ValidateFunction> {
  let validate = ready.get(schema) ?? (await validators[schemaKey(schema)]?.());
  if (!validate) {
    const { makeAjv } = await import('./ajv.ts');
    validate = makeAjv(ajvOptions).compile(schema);
  }
  ready.set(schema, validate);
  return validate;
}
