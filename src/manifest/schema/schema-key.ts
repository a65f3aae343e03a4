import { createHash } from 'node:crypto';
import type { JsonSchema } from './json-schema.ts';

/** Names a schema by its content, so that a validator is never used for another schema than its own. */
export const schemaKey = (schema: JsonSchema): string =>
  createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);

/** The options that precompiled and late validators share. */
export const ajvOptions = { allErrors: true, strict: false, validateFormats: false } as const;
