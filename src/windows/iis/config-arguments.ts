import { isSecretRef } from '../../engine/model/catalog.ts';
import type { Row, Rows } from './config-rows.ts';

/** Arguments of `appcmd set config` in the order in which they must be given, one call each. */
export interface RowChanges {
  adds: string[];
  sets: string[];
  removes: string[];
}

/** What brings the rows `is` to `should`. `keys` are the names that tell rows apart. */
export function rowChanges(
  collection: string,
  is: Rows,
  should: Rows,
  keysOf: (collection: string) => string[],
  exact: boolean,
): RowChanges {
  const changes: RowChanges = { adds: [], sets: [], removes: [] };
  const prefix = collection === '' ? '' : `${collection}.`;
  const keys = keysOf(collection);
  for (const [id, row] of Object.entries(should)) {
    const before = is[id];
    if (!before && !hasOwnSecret(row)) changes.adds.push(`/+${prefix}[${pairs(plain(row))}]`);
    const place = `${prefix}[${pairs(keyOf(before ?? row, keys, row))}]`;
    for (const [name, value] of Object.entries(row)) {
      if (isSecretRef(value)) continue;
      if (typeof value !== 'string') {
        nested(place, name, before?.[name], value, keysOf, exact, changes);
      } else if (before ? before[name] !== value : name.includes('.')) {
        changes.sets.push(`/${place}.${name}:${value}`);
      }
    }
  }
  if (exact)
    for (const [id, row] of Object.entries(is))
      if (!should[id]) changes.removes.push(`/-${prefix}[${pairs(keyOf(row, keys, row))}]`);
  return changes;
}

/** A collection of a row: what differs is taken away and added anew, since its rows are small. */
function nested(
  place: string,
  name: string,
  before: Row[string] | undefined,
  should: Rows,
  keysOf: (collection: string) => string[],
  exact: boolean,
  changes: RowChanges,
): void {
  const is: Rows = typeof before === 'object' && !isSecretRef(before) ? before : {};
  const keys = keysOf(name);
  for (const [id, row] of Object.entries(should)) {
    // A row with a secret is added by what may say it, and its secret is no reason to add it anew.
    if (hasOwnSecret(row) && !is[id]) continue;
    const visible = Object.entries(row).filter(([, value]) => !isSecretRef(value));
    if (JSON.stringify(is[id]) === JSON.stringify(Object.fromEntries(visible))) continue;
    if (is[id] && hasOwnSecret(row)) {
      const own = `${place}.${name}.[${pairs(keyOf(is[id], keys, row))}]`;
      for (const [attribute, value] of visible)
        if (typeof value === 'string' && is[id][attribute] !== value)
          changes.sets.push(`/${own}.${attribute}:${value}`);
      continue;
    }
    if (is[id]) changes.sets.push(`/-${place}.${name}.[${pairs(keyOf(is[id], keys, row))}]`);
    changes.sets.push(`/+${place}.${name}.[${pairs(plain(row))}]`);
  }
  if (exact)
    for (const [id, row] of Object.entries(is))
      if (!should[id]) changes.removes.push(`/-${place}.${name}.[${pairs(keyOf(row, keys, row))}]`);
}

/**
 * Whether an attribute of the row itself is a secret, so that appcmd, which takes arguments alone, can't add
 * it.
 */
export const hasOwnSecret = (row: Row): boolean =>
  Object.entries(row).some(([name, value]) => isSecretRef(value) && !name.includes('.'));

/** The attributes that can be in the brackets: those of the row itself. */
const plain = (row: Row): Record<string, string> =>
  Object.fromEntries(
    Object.entries(row).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].includes('.'),
    ),
  );

function keyOf(row: Row, keys: string[], other: Row): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const value = row[key] ?? other[key];
    if (typeof value === 'string' && value !== '') found[key] = value;
  }
  return found;
}

const pairs = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}='${value}'`)
    .join(',');

/** Windows takes 32,767 characters in a command line; some are kept for the rest of it. */
const longest = 30_000;

/** Arguments in as few calls as the length of a command line allows. */
export function inCalls(args: readonly string[]): string[][] {
  const calls: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const argument of args) {
    // Quotes and the blanks between arguments count too.
    const needed = argument.length + 3;
    if (length + needed > longest) {
      calls.push([]);
      length = 0;
    }
    calls.at(-1)!.push(argument);
    length += needed;
  }
  return calls;
}
