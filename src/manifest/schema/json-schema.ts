import type { TSchema } from 'typebox';
import type { Json } from '../../engine/model/catalog.ts';

/** The part of JSON Schema draft-07 that property schemas use, with converge's annotations. */
export interface JsonSchema {
  type?: string;
  title?: string;
  description?: string;
  const?: Json;
  enum?: Json[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  required?: string[];
  items?: JsonSchema | JsonSchema[];
  /** `duration` and `schedule` are checked here; see formats.ts. */
  format?: string;
  /** The value must be a secret reference. */
  'x-secret'?: boolean;
  /** Text that may hold line breaks and tabs. */
  'x-multiline'?: boolean;
  /** A name that has no meaning yet. */
  'x-reserved'?: boolean;
  /** What to say about it, when that isn't that it has none yet. */
  'x-because'?: string;
  [keyword: string]: unknown;
}

const secretReference = {
  type: 'object',
  properties: { $secret: { type: 'string' } },
  required: ['$secret'],
  additionalProperties: false,
};

const known = new WeakMap<object, JsonSchema>();

/**
 * A type's schema in the form that values are read and checked by: plain JSON, `x-secret` nodes take
 * a secret reference, and a union of constants is an `enum`. Cached by identity of `schema`.
 */
export function valueSchema(schema: TSchema): JsonSchema {
  const converted = known.get(schema) ?? convert(JSON.parse(JSON.stringify(schema)) as JsonSchema);
  known.set(schema, converted);
  return converted;
}

function convert(schema: JsonSchema): JsonSchema {
  if (schema['x-secret']) {
    const { description } = schema;
    return { ...secretReference, 'x-secret': true, ...(description === undefined ? {} : { description }) };
  }
  const result: JsonSchema = { ...schema };
  if (schema.properties) result.properties = convertEach(schema.properties);
  if (schema.patternProperties) result.patternProperties = convertEach(schema.patternProperties);
  if (typeof schema.additionalProperties === 'object')
    result.additionalProperties = convert(schema.additionalProperties);
  if (Array.isArray(schema.items)) result.items = schema.items.map(convert);
  else if (schema.items) result.items = convert(schema.items);
  if (schema.anyOf) {
    const branches = schema.anyOf.map(convert).flatMap(branch => branch.anyOf ?? [branch]);
    const values = branches.flatMap(constants);
    if (branches.every(branch => constants(branch).length > 0)) {
      delete result.anyOf;
      result.enum = values;
    } else result.anyOf = branches;
  }
  return result;
}

const convertEach = (schemas: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, convert(schema)]));

/** The values a schema lists, when it lists them. */
export const constants = (schema: JsonSchema): Json[] =>
  schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
