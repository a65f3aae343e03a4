import { child } from '../../engine/model/pointer.ts';

/** What has schemas below it: by name, in a list, or one. */
const named = ['properties', 'patternProperties', 'definitions'];
const listed = ['anyOf', 'oneOf', 'allOf'];
const single = [
  ...['additionalProperties', 'propertyNames', 'items', 'additionalItems', 'contains'],
  ...['not', 'if', 'then', 'else'],
];

/** Of draft-07: what a value is held against, and what only tells about it. */
const known = new Set([
  ...[...named, ...listed, ...single, 'dependencies'],
  ...['type', 'enum', 'const', 'required', 'format', 'pattern', 'minLength', 'maxLength'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', '$ref'],
  ...['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples'],
  ...['readOnly', 'writeOnly', 'contentMediaType', 'contentEncoding'],
]);

/** Of later drafts: validators of draft-07 pass them over. What says the same here. */
const instead: Readonly<Record<string, string>> = {
  dependentRequired: '`dependencies`',
  dependentSchemas: '`dependencies`',
  prefixItems: '`items` as a list',
  $defs: '`definitions`',
  unevaluatedProperties: '`additionalProperties: false`',
  unevaluatedItems: '`additionalItems: false`',
};

export interface NoKeyword {
  /** JSON pointer within the schema. */
  pointer: string;
  keyword: string;
  /** What to write in its place, if anything is known. */
  instead?: string;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What is in the place of a keyword and isn't one of draft-07, nor an annotation of ours (`x-`): whoever
 * wrote it believes that values are held against it, and nothing would ever be.
 */
export function noKeywords(schema: unknown, pointer = ''): NoKeyword[] {
  if (Array.isArray(schema)) return schema.flatMap((one, n) => noKeywords(one, child(pointer, String(n))));
  if (!isMap(schema)) return [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const at = child(pointer, keyword);
    if (!known.has(keyword) && !keyword.startsWith('x-'))
      return [{ pointer: at, keyword, ...(instead[keyword] && { instead: instead[keyword] }) }];
    // What a name needs beside it is a list of names, or a schema.
    const isByName = named.includes(keyword) || keyword === 'dependencies';
    if (isByName && isMap(value))
      return Object.entries(value).flatMap(([name, below]) =>
        Array.isArray(below) ? [] : noKeywords(below, child(at, name)),
      );
    return listed.includes(keyword) || single.includes(keyword) ? noKeywords(value, at) : [];
  });
}
