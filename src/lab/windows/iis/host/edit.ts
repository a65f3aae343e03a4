import type { Random } from '../../../../io/ports.ts';
import type { CollectionSchema } from '../schema/model.ts';
import { EXIT, failure } from '../text/messages.ts';
import type { Operation, Step } from '../text/path.ts';
import { encrypted } from '../text/secret.ts';
import { canonical } from '../text/values.ts';
import {
  childElements,
  element,
  ensureChild,
  insertChild,
  removeChild,
  type XmlElement,
} from '../text/xml.ts';
import {
  attributeNamed,
  collectionOf,
  comparable,
  effective,
  elementNamed,
  entryKey,
  type Item,
  keyText,
  textOf,
} from './effective.ts';

/** An element that is being edited. */
export interface Cursor {
  item: Item;
  /** The element in the file that is written, made when it isn't there yet. */
  local(): XmlElement;
  /** Nesting of that element in its file, for indentation. */
  depth: number;
}

/** Carries out one operation below the cursor. The cursor's item is stale afterwards. */
export function change(start: Cursor, operation: Operation, random: Random): void {
  const last = operation.steps.at(-1);
  if (operation.kind === 'set') {
    if (operation.value === undefined)
      throw failure(EXIT.invalidParameter, 'unknownAttribute', operation.given);
    const cursor = descend(start, operation.steps, operation.given);
    setAttribute(cursor, operation.attribute!, operation.value, operation.given, random);
    return;
  }
  const within = operation.kind === 'clear' ? operation.steps : operation.steps.slice(0, -1);
  const parent = descend(start, within, operation.given);
  const collection = collectionOf(parent.item.schema);
  if (!collection) throw failure(EXIT.invalidParameter, 'unknownAttribute', operation.given);
  const index = last as Index;
  if (operation.kind === 'clear') rewrite(parent, collection, []);
  else if (operation.kind === 'add') addEntry(parent, collection, index, random);
  else deleteEntry(parent, collection, find(parent.item, index));
}

type Index = Extract<Step, { pairs: unknown }>;

function descend(start: Cursor, steps: Step[], given: string): Cursor {
  let cursor = start;
  for (const step of steps) cursor = 'name' in step ? child(cursor, step.name, given) : entry(cursor, step);
  return cursor;
}

function child(parent: Cursor, name: string, given = name): Cursor {
  const item = elementNamed(parent.item, name);
  if (!item) throw failure(EXIT.invalidParameter, 'unknownAttribute', given);
  const depth = parent.depth + 1;
  return { item, depth, local: () => ensureChild(parent.local(), item.schema.name, depth) };
}

/** An entry that is above is taken into the edited file when it is written to. */
export function entry(parent: Cursor, index: Index): Cursor {
  const item = find(parent.item, index);
  return { item, depth: parent.depth + 1, local: () => own(parent, item) };
}

function own(parent: Cursor, item: Item): XmlElement {
  const layer = item.layers.at(-1)!;
  if (layer.origin === 'local') return layer.xml;
  refuseLocked(item);
  const collection = collectionOf(parent.item.schema)!;
  const copy = structuredClone(layer.xml);
  const container = parent.local();
  if (collection.remove !== undefined) {
    insertChild(container, removal(collection, item), parent.depth + 1);
    insertChild(container, copy, parent.depth + 1);
  } else
    rewrite(
      parent,
      collection,
      parent.item.entries.map(each => (each === item ? copy : copyOf(each))),
    );
  layer.xml = copy;
  layer.origin = 'local';
  return copy;
}

function find(parent: Item, index: Index): Item {
  const schema = collectionOf(parent.schema)?.item;
  if (!schema) throw failure(EXIT.noSuchElement, 'noSuchElement');
  const wanted = index.pairs.map(([name, value]) => {
    const attribute = attributeNamed(schema, name);
    if (!attribute) throw failure(EXIT.invalidParameter, 'unknownAttribute', name);
    return { attribute, value: comparable(attribute, value) };
  });
  const found = parent.entries.find(item =>
    wanted.every(({ attribute, value }) => comparable(attribute, textOf(item, attribute)) === value),
  );
  if (!found) throw failure(EXIT.noSuchElement, 'noSuchElement');
  return found;
}

function setAttribute(cursor: Cursor, name: string, text: string, given: string, random: Random): void {
  const attribute = attributeNamed(cursor.item.schema, name);
  if (!attribute) throw failure(EXIT.invalidParameter, 'unknownAttribute', given);
  const value = canonical(attribute, text);
  for (const { xml, origin } of cursor.item.layers) {
    const locked = (xml.attributes.get('lockAttributes') ?? '').split(',').map(each => each.trim());
    if (origin === 'inherited' && locked.some(each => each === '*' || each === attribute.name))
      throw failure(EXIT.lockViolation, 'attributeLocked', attribute.name);
  }
  cursor.local().attributes.set(attribute.name, attribute.encrypted ? encrypted(value, random) : value);
}

/** Adds an entry at a position, or as the last one. Throws when it is there, or lacks what it needs. */
function addEntry(parent: Cursor, collection: CollectionSchema, index: Index, random: Random): void {
  const made = element(collection.item.name);
  for (const [name, text] of index.pairs) {
    const attribute = attributeNamed(collection.item, name);
    if (!attribute) throw failure(EXIT.invalidParameter, 'unknownAttribute', name);
    const value = canonical(attribute, text);
    made.attributes.set(attribute.name, attribute.encrypted ? encrypted(value, random) : value);
  }
  placeEntry(parent, collection, made, index.position);
}

export function placeEntry(
  parent: Cursor,
  collection: CollectionSchema,
  made: XmlElement,
  position: Index['position'] = 'end',
): void {
  const missing = collection.item.attributes.find(
    each =>
      each.required &&
      each.default === undefined &&
      !made.attributes.has(each.name) &&
      !optionalKey(collection, each.name),
  );
  if (missing) throw failure(EXIT.invalidParameter, 'missingAttribute', collection.item.name, missing.name);
  const item = effective(collection.item, [{ xml: made, origin: 'local', file: '' }]);
  const key = entryKey(collection, item);
  const { entries } = parent.item;
  if (key !== undefined && entries.some(each => entryKey(collection, each) === key))
    throw failure(EXIT.alreadyExists, 'duplicateEntry', collection.item.name, keyText(collection, item));
  const at =
    position === 'start' ? 0 : position === 'end' ? entries.length : Math.min(position, entries.length);
  const behind = position === 'end' ? undefined : entries[at];
  const container = parent.local();
  if (behind === undefined) {
    const last = childElements(container).findLastIndex(each => each.name === collection.item.name);
    insertChild(container, made, parent.depth + 1, last < 0 ? undefined : last + 1);
  } else if (behind.layers.at(-1)!.origin === 'local') {
    const place = childElements(container).indexOf(behind.layers.at(-1)!.xml);
    insertChild(container, made, parent.depth + 1, place);
  } else {
    const all = entries.map(copyOf);
    all.splice(at, 0, made);
    rewrite(parent, collection, all);
  }
}

/** A key of several, such as an address's domain name, may be left out; one that stands alone may not. */
const optionalKey = (collection: CollectionSchema, name: string): boolean => {
  const keys = collection.item.attributes.filter(each => each.key);
  return keys.length > 1 && keys.some(each => each.name === name && each.type === 'string' && !each.nonEmpty);
};

export function deleteEntry(parent: Cursor, collection: CollectionSchema, item: Item): void {
  const layer = item.layers.at(-1)!;
  if (layer.origin === 'local') {
    removeChild(parent.local(), layer.xml);
    return;
  }
  refuseLocked(item);
  if (collection.remove === undefined)
    rewrite(parent, collection, parent.item.entries.filter(each => each !== item).map(copyOf));
  else insertChild(parent.local(), removal(collection, item), parent.depth + 1);
}

function refuseLocked(item: Item): void {
  if (item.layers.some(({ xml }) => xml.attributes.get('lockItem') === 'true'))
    throw failure(EXIT.lockViolation, 'attributeLocked', item.schema.name);
}

const copyOf = (item: Item): XmlElement => structuredClone(item.layers.at(-1)!.xml);

function removal(collection: CollectionSchema, item: Item): XmlElement {
  const keys = collection.item.attributes.filter(each => each.key);
  return element(
    collection.remove!,
    keys.filter(key => item.values.has(key.name)).map(key => [key.name, textOf(item, key)] as const),
  );
}

/** An order, or an absence, that inheritance can't express: `clear` and every entry anew. */
function rewrite(parent: Cursor, collection: CollectionSchema, entries: XmlElement[]): void {
  const container = parent.local();
  const names = [collection.clear, collection.remove, collection.item.name];
  for (const each of childElements(container)) if (names.includes(each.name)) removeChild(container, each);
  const depth = parent.depth + 1;
  if (collection.clear !== undefined) insertChild(container, element(collection.clear), depth);
  for (const each of entries) insertChild(container, each, depth);
}
