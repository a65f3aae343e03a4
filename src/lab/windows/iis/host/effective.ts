import { type AttributeSchema, type CollectionSchema, type ElementSchema, same } from '../schema/model.ts';
import { configurationError, EXIT } from '../text/messages.ts';
import { decrypted } from '../text/secret.ts';
import { canonical, defaultValue } from '../text/values.ts';
import { childElements, childNamed, element, insertChild, type XmlElement } from '../text/xml.ts';

/**
 * Where a value stands, weakest first: an element such as `applicationPoolDefaults`, a level above, or the
 * place that is being edited.
 */
export interface Layer {
  xml: XmlElement;
  origin: 'defaults' | 'inherited' | 'local';
  /** The file it is in, for messages. */
  file: string;
}

/** An element as it takes effect. */
export interface Item {
  schema: ElementSchema;
  /** What somebody set, by the attribute's name in the schema. */
  values: Map<string, { text: string; origin: Layer['origin'] }>;
  elements: Item[];
  entries: Item[];
  /** The entry's or element's own elements, weakest first. */
  layers: Layer[];
}

export const collectionOf = (schema: ElementSchema): CollectionSchema | undefined => schema.collections[0];

/** Merges the layers, weakest first. Throws a configuration error for an entry that is there twice. */
export function effective(
  schema: ElementSchema,
  layers: Layer[],
  above: ReadonlyMap<string, Layer[]> = new Map(),
): Item {
  const values: Item['values'] = new Map();
  for (const { xml, origin } of layers)
    for (const [name, text] of xml.attributes) {
      const attribute = schema.attributes.find(each => each.name === name);
      if (attribute) values.set(attribute.name, { text, origin });
    }
  const defaults = withDefaults(above, layers);
  return {
    schema,
    values,
    layers,
    elements: schema.elements.map(child => effective(child, childLayers(layers, child.name), defaults)),
    entries: schema.collections.flatMap(collection => merge(collection, layers, defaults)),
  };
}

function childLayers(layers: Layer[], name: string): Layer[] {
  return layers.flatMap(layer => {
    const xml = childNamed(layer.xml, name);
    return xml ? [{ ...layer, xml }] : [];
  });
}

const DEFAULTS = [
  'applicationPoolDefaults',
  'siteDefaults',
  'applicationDefaults',
  'virtualDirectoryDefaults',
] as const;

/** Defaults of a site are above those of its applications. */
function withDefaults(above: ReadonlyMap<string, Layer[]>, layers: Layer[]): Map<string, Layer[]> {
  const all = new Map(above);
  for (const name of DEFAULTS) {
    const here = childLayers(layers, name).map((layer): Layer => ({ ...layer, origin: 'defaults' }));
    if (here.length > 0) all.set(name, [...(all.get(name) ?? []), ...here]);
  }
  return all;
}

function merge(
  collection: CollectionSchema,
  layers: Layer[],
  defaults: ReadonlyMap<string, Layer[]>,
): Item[] {
  let items: Item[] = [];
  const inherit = collection.defaults === undefined ? [] : (defaults.get(collection.defaults) ?? []);
  for (const layer of layers) {
    let own: Item[] = [];
    for (const child of childElements(layer.xml)) {
      if (child.name === collection.clear) {
        items = [];
        own = [];
      } else if (child.name === collection.remove) {
        const gone = keyOf(collection, child.attributes);
        const stays = (item: Item) => entryKey(collection, item) !== gone;
        items = items.filter(stays);
        own = own.filter(stays);
      } else if (child.name === collection.item.name) {
        const made = effective(collection.item, [...inherit, { ...layer, xml: child }], defaults);
        const key = entryKey(collection, made);
        const twin = [...items, ...own].find(item => key !== undefined && entryKey(collection, item) === key);
        if (twin && twin.layers.at(-1)?.origin !== 'defaults')
          throw configurationError(
            EXIT.alreadyExists,
            layer.file,
            0,
            'duplicateEntry',
            child.name,
            keyText(collection, made),
          );
        items = items.filter(item => item !== twin);
        own.push(made);
      }
    }
    items = collection.prepend ? [...own, ...items] : [...items, ...own];
  }
  return items;
}

const keysOf = (collection: CollectionSchema): AttributeSchema[] =>
  collection.item.attributes.filter(each => each.key);

/** Two entries are one when this is the same. Undefined for a collection without keys. */
function keyOf(collection: CollectionSchema, attributes: ReadonlyMap<string, string>): string | undefined {
  const keys = keysOf(collection);
  if (keys.length === 0) return undefined;
  return keys.map(key => comparable(key, attributes.get(key.name) ?? defaultValue(key))).join('\0');
}

export const entryKey = (collection: CollectionSchema, item: Item): string | undefined =>
  keyOf(collection, new Map(keysOf(collection).map(key => [key.name, textOf(item, key)])));

/** The entry's keys, as messages name them. */
export function keyText(collection: CollectionSchema, item: Item): string {
  const keys = keysOf(collection);
  const values = keys.map(key => textOf(item, key)).join(', ');
  const names = keys.map(key => key.name).join(', ');
  return keys.length === 1
    ? `unique key attribute '${names}' set to '${values}'`
    : `combined key attributes '${names}' respectively set to '${values}'`;
}

/** What two values must share to be equal. */
export function comparable(schema: AttributeSchema, text: string): string {
  let value = text;
  try {
    value = canonical(schema, text);
  } catch {
    // What is in a file wrongly is compared as it stands.
  }
  return schema.caseSensitive ? value : value.toLowerCase();
}

/** The value that takes effect, passwords in clear. */
export function textOf(item: Item, schema: AttributeSchema): string {
  const set = item.values.get(schema.name);
  if (!set) return defaultValue(schema);
  if (schema.encrypted) return decrypted(set.text);
  try {
    return canonical(schema, set.text);
  } catch {
    return set.text;
  }
}

export const attributeNamed = (schema: ElementSchema, name: string): AttributeSchema | undefined =>
  schema.attributes.find(each => same(each.name, name));

/** Value by attribute name; the name must be one of the schema. */
export const read = (item: Item, name: string): string => textOf(item, attributeNamed(item.schema, name)!);

export const elementNamed = (item: Item, name: string): Item | undefined =>
  item.elements.find(each => same(each.schema.name, name));

/** As configuration: what is set in this element, or (`all`) everything that takes effect. */
export function toXml(item: Item, all: boolean, depth = 0, name = item.schema.name): XmlElement {
  const made = element(name);
  for (const attribute of item.schema.attributes) {
    const set = item.values.get(attribute.name);
    if (all || (set && set.origin !== 'defaults'))
      made.attributes.set(attribute.name, textOf(item, attribute));
  }
  for (const child of [...item.elements, ...item.entries])
    insertChild(made, toXml(child, all, depth + 1), depth + 1);
  return made;
}
