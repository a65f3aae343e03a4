import { sha256 } from '../../values/digest.ts';
import type { JsonSchema } from './json-schema.ts';

/** Names a schema by its content, so that a validator is never used for another schema than its own. */
export const schemaKey = (schema: JsonSchema): string => sha256(JSON.stringify(schema)).slice(0, 16);

/** The options that precompiled and late validators share. */
export const ajvOptions = { allErrors: true, strict: false, validateFormats: false } as const;
