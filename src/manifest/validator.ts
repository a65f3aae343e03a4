import { createHash } from 'node:crypto';
import type { ValidateFunction } from 'ajv';
import { validators } from './generated/validators.js';
import type { JsonSchema } from './json-schema.ts';

/** Names a schema by its content, so that a validator is never used for another schema than its own. */
export const schemaKey = (schema: JsonSchema): string =>
  createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);

/** The options that precompiled and late validators share. */
export const ajvOptions = { allErrors: true, strict: false, validateFormats: false } as const;

const ready = new WeakMap<JsonSchema, ValidateFunction>();

/** The validator of a schema: the precompiled one, or for a schema that is not built in, one made now. */
export async function validatorFor(schema: JsonSchema): Promise<ValidateFunction> {
  let validate = ready.get(schema) ?? validators[schemaKey(schema)];
  if (!validate) {
    const { Ajv } = await import('ajv');
    validate = new Ajv(ajvOptions).compile(schema);
  }
  ready.set(schema, validate);
  return validate;
}
