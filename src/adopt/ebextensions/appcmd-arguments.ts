/** What one argument of appcmd asks of a collection: `/+bindings.[protocol='http',…]`, `/[name='R'].match.url:x`. */
export interface CollectionChange {
  op: 'add' | 'remove' | 'set';
  /** The collection below the section; empty for the section's own. */
  collection: string;
  /** The attributes in the brackets. */
  item: Record<string, string>;
  /** What follows the brackets: an attribute to set, or a collection of the item. */
  attribute?: { path: string; value: string };
  nested?: { collection: string; item: Record<string, string> };
}

export interface AppcmdArguments {
  verb: string;
  object: string;
  /** The name after the object, when there is one. */
  id?: string;
  /** `/name:value`, names in lower case. */
  parameters: Map<string, { name: string; value: string }>;
  changes: CollectionChange[];
  /** Arguments that are none of these. */
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
    const parameter = /^[/-]([A-Za-z0-9_.]+)(?::(.*))?$/s.exec(argument);
    if (change) read.changes.push(change);
    else if (parameter) {
      const [, name, value = ''] = parameter;
      read.parameters.set(name!.toLowerCase(), { name: name!, value: unquoted(value) });
    } else if (read.id === undefined && !/^[/-]/.test(argument)) read.id = argument;
    else read.unknown.push(argument);
  }
  return read;
}

const brackets = String.raw`\[((?:[^'\]]|'[^']*')*)\]`;
const form = new RegExp(
  String.raw`^[/-]([+-]?)([A-Za-z0-9_.]*?)\.?${brackets}(?:\.([A-Za-z0-9_.]+?)(?:\.${brackets}|:(.*)))?$`,
  's',
);

function collectionChange(argument: string): CollectionChange | undefined {
  const match = form.exec(argument);
  if (!match) return undefined;
  const [, sign, collection = '', inside = '', path, nested, value] = match;
  return {
    op: sign === '+' ? 'add' : sign === '-' ? 'remove' : 'set',
    collection,
    item: attributesIn(inside),
    ...(path !== undefined && value !== undefined && { attribute: { path, value: unquoted(value) } }),
    ...(path !== undefined &&
      nested !== undefined && { nested: { collection: path, item: attributesIn(nested) } }),
  };
}

function attributesIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([A-Za-z0-9_.]+)\s*=\s*'([^']*)'/g)) found[name!] = value!;
  return found;
}

const unquoted = (text: string): string => text.replace(/^(['"])(.*)\1$/s, '$2');
