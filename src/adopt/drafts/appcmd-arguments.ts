/**
 * What one argument of appcmd asks of a collection: `/+bindings.[protocol='http',…]`,
 * `/[name='R'].match.url:x`.
 */
export interface CollectionChange {
  op: 'add' | 'remove' | 'set';
  /** The collection below the section; empty for the section's own. */
  collection: string;
  /** The attributes in the brackets. */
  item: Record<string, string>;
  /** What follows the brackets: an attribute to set, or a collection of the item. */
  attribute?: { path: string; value: string };
  nested?: { collection: string; item: Record<string, string> };
  /** As it was given. */
  given: string;
}

export interface AppcmdArguments {
  verb: string;
  object: string;
  /** The name after the object, when there is one. */
  id?: string;
  /** `/name:value`, names in lower case. */
  parameters: Map<string, { name: string; value: string }>;
  changes: CollectionChange[];
  /** Arguments that are none of these, and those that say again what another one has said. */
  unknown: string[];
}

/** Reads appcmd's arguments (`APPCMD verb object id /param:value`, `-x:` is `/x:`). */
export function readAppcmd(args: readonly string[]): AppcmdArguments {
  const [verb = '', object = '', ...rest] = args;
  const read: AppcmdArguments = {
    verb: verb.toLowerCase(),
    object: object.toLowerCase().replace(/s$/, ''),
    parameters: new Map(),
    changes: [],
    unknown: [],
  };
  for (const argument of rest) {
    const change = collectionChange(argument);
    const [, name, value = ''] = /^[/-]([A-Za-z0-9_.]+):(.*)$/s.exec(argument) ?? [];
    if (change) read.changes.push(change);
    else if (name !== undefined && !read.parameters.has(name.toLowerCase()))
      read.parameters.set(name.toLowerCase(), { name, value: unquoted(value) });
    else if (read.id === undefined && !/^[/-]/.test(argument)) read.id = argument;
    else read.unknown.push(argument);
  }
  return read;
}

const brackets = String.raw`\[((?:[^'"\]]|'[^']*'|"[^"]*")*)\]`;
const form = new RegExp(
  String.raw`^[/-]([+-]?)([A-Za-z0-9_.]*?)\.?${brackets}(?:\.([A-Za-z0-9_.]+?)(?:\.${brackets}|:(.*)))?$`,
  's',
);

function collectionChange(given: string): CollectionChange | undefined {
  const match = form.exec(given);
  if (!match) return undefined;
  const [, sign, collection = '', inside = '', path, nested, value] = match;
  const item = attributesIn(inside);
  const below = nested === undefined ? undefined : attributesIn(nested);
  if (!item || (nested !== undefined && !below)) return undefined;
  const op = sign === '+' ? 'add' : sign === '-' ? 'remove' : 'set';
  return {
    op,
    collection,
    item,
    given,
    ...(path !== undefined && value !== undefined && { attribute: { path, value: unquoted(value) } }),
    ...(path !== undefined && below && { nested: { collection: path, item: below } }),
  };
}

/** `name='x',value="y",flag=z`; undefined when anything else is among them, such as a position (`@start`). */
function attributesIn(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  const part = /\s*([A-Za-z0-9_.]+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,\]'"]*?))\s*(?:,|$)/y;
  while (part.lastIndex < text.length) {
    const [, name, single, double, bare] = part.exec(text) ?? [];
    if (name === undefined || Object.hasOwn(found, name)) return undefined;
    found[name] = single ?? double ?? bare ?? '';
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

const unquoted = (text: string): string => text.replace(/^(['"])(.*)\1$/s, '$2');
