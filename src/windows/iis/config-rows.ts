import { isSecretRef, type SecretRef } from '../../engine/model/catalog.ts';
import type { XmlElement } from '../../io/xml.ts';
import type { Key } from './sections.ts';
import { canonicalSetting, sameSetting, settingsOf } from './settings.ts';

/**
 * As written: attributes by name (`match.url` is one of a child), and lists, which are collections of the
 * row.
 */
export type WrittenRow = { [name: string]: string | number | boolean | SecretRef | WrittenRow[] };

/** In one form for both sides: texts, and collections by what tells their rows apart. */
export interface Row {
  [name: string]: string | SecretRef | Rows;
}
export type Rows = { [key: string]: Row };

/** Keys of a collection, `''` or a name, and of those in its rows. */
export type KeyOf = (collection: string) => Key | undefined;

/** How rows are called in IIS's schema; `add` for most, a name of their own for some. */
const rowNames =
  /^(add|application|error|mimeMap|rule|preCondition|rewriteMap|scheme|filter|filteringRule|denyUrl|provider|environmentVariable|webFarm|site)$/;
export const isRow = ({ name }: XmlElement): boolean => rowNames.test(name);

const nameOf = (part: Key[number]): string => (typeof part === 'string' ? part : part[0]);
const assumedFor = (part: Key[number]): string | undefined =>
  typeof part === 'string' ? undefined : part[1];

/** The names of a key's attributes. */
export const keyNames = (key: Key): string[] => key.map(nameOf);

/**
 * What a declared row is called: its key's values, `10.0.0.1 255.255.255.255`. Undefined when one is missing.
 */
export function keyOfWritten(row: WrittenRow, key: Key): string | undefined {
  const parts = key.map(part => {
    const own = Object.keys(row).find(name => name.toLowerCase() === nameOf(part).toLowerCase());
    const value = own === undefined ? assumedFor(part) : row[own];
    return value === undefined || typeof value === 'object'
      ? undefined
      : canonicalSetting(nameOf(part), value).toLowerCase();
  });
  return parts.includes(undefined) ? undefined : parts.filter(part => part !== '').join(' ');
}

/** Declared rows as they are to be. Callers have checked that each has its key. */
export function desiredRows(written: readonly WrittenRow[], collection: string, keys: KeyOf): Rows {
  const key = keys(collection) ?? [];
  return Object.fromEntries(
    written.map((row): [string, Row] => [
      keyOfWritten(row, key) ?? '',
      Object.fromEntries(
        Object.entries(row).map(([name, value]): [string, Row[string]] => [
          name,
          Array.isArray(value)
            ? desiredRows(value, name, keys)
            : isSecretRef(value)
              ? value
              : canonicalSetting(name, value),
        ]),
      ),
    ]),
  );
}

/**
 * The rows that are there, as far as they are declared: of a declared row its declared attributes, of
 * another (only when `exact`) its key.
 */
export function actualRows(
  rows: readonly XmlElement[],
  written: readonly WrittenRow[],
  collection: string,
  keys: KeyOf,
  exact: boolean,
): Rows {
  const key = keys(collection) ?? [];
  const declared = new Map(written.map(row => [keyOfWritten(row, key), row]));
  const found: Rows = {};
  for (const element of rows) {
    const settings = settingsOf(element);
    const values = key.map(part => settings.get(nameOf(part).toLowerCase()) ?? assumedFor(part) ?? '');
    const id = values
      .map((value, at) => canonicalSetting(nameOf(key[at]!), value).toLowerCase())
      .filter(part => part !== '')
      .join(' ');
    const row = declared.get(id);
    if (row) found[id] = actualRow(element, settings, row, keys, exact);
    else if (exact) found[id] = Object.fromEntries(key.map((part, at) => [nameOf(part), values[at]!]));
  }
  return found;
}

function actualRow(
  element: XmlElement,
  settings: ReadonlyMap<string, string>,
  declared: WrittenRow,
  keys: KeyOf,
  exact: boolean,
): Row {
  const row: Row = {};
  for (const [name, value] of Object.entries(declared)) {
    if (Array.isArray(value)) {
      const below = element.children.find(child => child.name.toLowerCase() === name.toLowerCase());
      row[name] = actualRows(below?.children ?? [], value, name, keys, exact);
      continue;
    }
    // IIS would tell it, and nobody is to hear it: whether it is the same says what was applied last.
    if (isSecretRef(value)) continue;
    const is = settings.get(name.toLowerCase());
    if (is !== undefined)
      row[name] = isSame(name, is, value) ? canonicalSetting(name, value) : canonicalSetting(name, is);
  }
  return row;
}

/** The `value` of a row is text, a header's for one, in which case and zeros count. */
const isSame = (name: string, is: string, should: string | number | boolean): boolean =>
  name.toLowerCase() === 'value'
    ? canonicalSetting(name, is) === canonicalSetting(name, should)
    : sameSetting(is, should);
