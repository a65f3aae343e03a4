import type { CollectionChange } from './appcmd-arguments.ts';
import { type Draft, scalar } from './drafts.ts';

type Item = Record<string, unknown>;

/**
 * Does to a draft of `iis_config` what a change of a collection would do on the machine, so that a
 * chain of delete, add and set ends as one list of rows. False when the row to delete isn't there (yet).
 */
export function changeCollection(draft: Draft, change: CollectionChange): boolean {
  const { item, attribute, nested, op } = change;
  const found = rowOf(draft, change);
  draft.properties.mode = 'at_least';
  if (op === 'remove' && !nested) {
    if (!found) return false;
    const rows = collectionOf(draft, change.collection);
    rows.splice(rows.indexOf(found), 1);
    return true;
  }
  // `/+[row].conditions.[…]` adds to the row, it adds no row.
  const row = (op === 'add' && !nested) || !found ? values(item) : found;
  if (row !== found) collectionOf(draft, change.collection).push(row);
  if (attribute) row[attribute.path] = scalar(attribute.value);
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
  return ((rows ?? []) as Item[]).find(row =>
    Object.entries(item).every(([name, value]) => isSame(row[name], value)),
  );
}

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

const values = (item: Record<string, string>): Item =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, scalar(value)]));

const isSame = (is: unknown, wanted: string): boolean =>
  String(is).toLowerCase() === String(scalar(wanted)).toLowerCase();
