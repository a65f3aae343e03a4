import type { CollectionChange } from '../drafts/appcmd-arguments.ts';
import { type Draft, scalar } from '../drafts/drafts.ts';

type Item = Record<string, unknown>;
/** Makes the value of an attribute in a manifest, a reference where it is a secret. */
export type ValueOf = (name: string, text: string, item: Record<string, string>) => unknown;

/**
 * Does to a draft of `iis_config` what a change of a collection would do on the machine, so that a
 * chain of delete, add and set ends as one list of rows. False when the row to delete isn't there (yet).
 */
export function changeCollection(draft: Draft, change: CollectionChange, inManifest: ValueOf): boolean {
  const { item, attribute, nested, op } = change;
  const found = rowOf(draft, change);
  if (op === 'remove') {
    if (!found) return false;
    const rows = nested
      ? ((found[nested.collection] ?? []) as Item[])
      : collectionOf(draft, change.collection);
    const gone = nested ? rows.find(row => isLike(row, nested.item)) : found;
    if (gone === undefined) return false;
    rows.splice(rows.indexOf(gone), 1);
    return true;
  }
  draft.properties.mode = 'at_least';
  const values = (of: Record<string, string>): Item =>
    Object.fromEntries(Object.entries(of).map(([name, text]) => [name, inManifest(name, text, of)]));
  // `/+[row].conditions.[…]` adds to the row, it adds no row.
  const row = (op === 'add' && !nested) || !found ? values(item) : found;
  if (row !== found) collectionOf(draft, change.collection).push(row);
  if (attribute) row[attribute.path] = inManifest(attribute.path, attribute.value, item);
  if (nested) {
    const below = (row[nested.collection] ?? []) as Item[];
    row[nested.collection] = [...below, values(nested.item)];
  }
  return true;
}

/** The row that a change is about, if the draft has it. */
export function rowOf({ properties }: Draft, { collection, item }: CollectionChange): Item | undefined {
  const rows =
    collection === ''
      ? properties.items
      : (properties.collections as Record<string, Item[]> | undefined)?.[collection];
  return ((rows ?? []) as Item[]).find(row => isLike(row, item));
}

const isLike = (row: Item, item: Record<string, string>): boolean =>
  Object.entries(item).every(([name, value]) => isSame(row[name], value));

function collectionOf({ properties }: Draft, name: string): Item[] {
  if (name === '') {
    properties.items ??= [];
    return properties.items as Item[];
  }
  properties.collections ??= {};
  const all = properties.collections as Record<string, Item[]>;
  all[name] ??= [];
  return all[name];
}

const isSame = (is: unknown, wanted: string): boolean =>
  String(is).toLowerCase() === String(scalar(wanted)).toLowerCase();

/** Takes away what holds no row any more, and the mode with the last of them. */
export function withoutEmpty({ properties }: Draft): void {
  const collections = (properties.collections ?? {}) as Record<string, Item[]>;
  for (const [name, rows] of Object.entries(collections)) if (rows.length === 0) delete collections[name];
  if (Object.keys(collections).length === 0) delete properties.collections;
  if ((properties.items as Item[] | undefined)?.length === 0) delete properties.items;
  if (properties.items === undefined && properties.collections === undefined) delete properties.mode;
}

/** Whether a draft of `iis_config` says anything of its section. */
export const saysSomething = ({ properties }: Draft): boolean =>
  ['attributes', 'items', 'collections', 'unlock'].some(name => properties[name] !== undefined);
