import type { Json } from '../../engine/model/catalog.ts';

/** What a value is, in the words that messages use. */
export type Kind = 'nothing' | 'boolean' | 'integer' | 'number' | 'text' | 'list' | 'map';

/**
 * A plain (unquoted) scalar by the YAML 1.2 core schema, but for one thing: digits with a leading
 * zero are text, since `0644` as 644 has never been what anybody meant.
 */
export function coreValue(source: string): Json {
  if (/^(~|null|Null|NULL|)$/.test(source)) return null;
  if (/^(true|True|TRUE)$/.test(source)) return true;
  if (/^(false|False|FALSE)$/.test(source)) return false;
  const number =
    /^0o[0-7]+$/.test(source) ||
    /^0x[0-9a-fA-F]+$/.test(source) ||
    /^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(source);
  if (number && Number.isFinite(Number(source))) return Number(source);
  return source;
}

/**
 * The text of a plain scalar that its value doesn't give back: `1.10` is the number 1.1, and where text is
 * meant `1.10`.
 */
export function ownText({ type, value }: { type?: unknown; value: unknown }): string | undefined {
  const text = String(value);
  if (type !== 'PLAIN') return undefined;
  const read = coreValue(text);
  return typeof read === 'string' || read === null || String(read) === text ? undefined : text;
}

export function kindOf(value: Json): Kind {
  if (value === null) return 'nothing';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return Array.isArray(value) ? 'list' : 'map';
}

/** "the text `yes`", "the number 3.5", "a list". Long text is cut. */
export function found(value: Json): string {
  switch (kindOf(value)) {
    case 'nothing':
      return 'nothing';
    case 'boolean':
      return `the value ${String(value)}`;
    case 'integer':
    case 'number':
      return `the number ${String(value)}`;
    case 'list':
      return 'a list';
    case 'map':
      return 'a map';
    case 'text':
      return `the text ${quoted(value as string)}`;
  }
}

/** Text between backticks, on one line, at most 60 characters. */
export function quoted(text: string): string {
  const line = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  return `\`${line.length > 60 ? `${line.slice(0, 57)}...` : line}\``;
}

const expectations: Record<string, string> = {
  string: 'text',
  integer: 'an integer such as 3',
  number: 'a number such as 1.5',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of properties',
  null: 'nothing',
};
/** "an integer such as 3" for the JSON Schema type `integer`. */
export const expected = (types: string[]): string =>
  [...new Set(types.map(type => expectations[type] ?? type))].join(' or ');
