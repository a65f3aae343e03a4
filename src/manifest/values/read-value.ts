import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { distance } from '../../diagnostics/nearest.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { child } from '../../engine/model/pointer.ts';
import { evaluated, failed } from '../expressions/evaluate.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { fault, nameAt, nodePlace, type Reading, resolved, type Visit } from '../scope/reading.ts';
import { expected, ownText } from '../syntax/scalar.ts';
import { keyText, mask, sourceOf } from '../syntax/source-file.ts';
import { choose } from './choose-branch.ts';
import { checkName, howToAdd, propertySchema, unknownProperty } from './map-names.ts';
import { readScalar } from './read-scalar.ts';

/**
 * Reads the value of a node along its schema, which decides what each scalar is. Reports each mistake
 * of kind, name and choice (bounds, patterns and the like are for the validator) and returns what
 * could be read; `reading.faults` tells whether that is all.
 */
export function readValue(
  written: Node | null,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
): Json | undefined {
  const at = nodePlace(reading, written);
  const node = written && resolved(reading, written);
  const visit: Visit = { ...reading.visits.get(pointer), at, schema };
  if (node && reading.origins.has(node)) visit.origin = reading.origins.get(node);
  if (node && reading.traces.has(node)) visit.trace = reading.traces.get(node);
  const text = isScalar(node) ? ownText(node) : undefined;
  if (text !== undefined) visit.text = text;
  reading.visits.set(pointer, visit);
  if (schema.anyOf) {
    const branch = choose(schema.anyOf, node);
    if (branch === undefined) return mismatch(written, node, schema.anyOf, pointer, reading);
    visit.branch = branch;
    const { description } = schema;
    visit.schema = { ...(description === undefined ? {} : { description }), ...schema.anyOf[branch]! };
  }
  const taken = visit.schema;
  const free = taken.type === undefined && taken.enum === undefined && taken.const === undefined;
  if (node === null || isScalar(node)) {
    const collection = taken.type === 'array' || (taken.type === 'object' && !taken['x-secret']);
    if (collection) return mismatch(written, node, [taken], pointer, reading);
    return readScalar(node, taken, pointer, reading, at);
  }
  if (taken['x-secret']) mask(reading.file, node);
  else if (isMap(node) && (free || taken.type === 'object')) return readMap(node, taken, pointer, reading);
  else if (isSeq(node) && (free || taken.type === 'array')) {
    // null keeps the place of an item that has a mistake, so that pointers to the others stay right.
    return node.items.map(
      (item, index) =>
        readComputed(item as Node | null, itemSchema(taken, index), `${pointer}/${index}`, reading) ?? null,
    );
  }
  return mismatch(written, node, [taken], pointer, reading);
}

/**
 * Reads a map along an object schema: its names, their values, and what is missing. The result holds
 * what could be read; `reading.faults` tells whether that is all.
 */
export function readMap(
  map: YAMLMap,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
): { [key: string]: Json } {
  const entries: [string, Json][] = [];
  const seen = new Set<string>();
  const unknown: string[] = [];
  const absent = new Set<string>();
  for (const { key, value } of map.items as { key: Node; value: Node | null }[]) {
    const name = keyText(reading.file, key) ?? '';
    // A duplicate has been reported by inspect().
    if (seen.has(name)) continue;
    seen.add(name);
    const below = child(pointer, name);
    const at = nodePlace(reading, key);
    const property = propertySchema(schema, name);
    if (!property) {
      unknown.push(name);
      unknownProperty(name, key, value, schema, pointer, reading);
      continue;
    }
    if (property['x-reserved']) {
      const message =
        property['x-because'] ?? `\`${name}\` is reserved and not supported by this version of converge`;
      fault(reading, below, 'not-supported', message, at, 'remove it');
      continue;
    }
    if (!checkName(name, key, below, reading)) continue;
    reading.visits.set(below, { at, key: at, schema: property });
    const computed = compute(value, below, reading);
    if (computed === failed) continue;
    if (computed !== value && isNull(computed)) {
      // An expression that gives nothing leaves the property out.
      absent.add(name);
      continue;
    }
    const read = readValue(computed, property, below, { ...reading, at });
    if (read !== undefined) entries.push([name, read]);
  }
  for (const name of schema.required ?? []) {
    const isSaid = seen.has(name) && (reading.lenient || !absent.has(name));
    if (isSaid || unknown.some(other => distance(other, name, 2) <= 2)) continue;
    fault(
      reading,
      pointer,
      'missing-property',
      `${nameAt(reading, pointer)}: the property \`${name}\` is missing`,
      reading.at,
      howToAdd(name, schema.properties?.[name]),
    );
  }
  return Object.fromEntries(entries);
}

/** The node with its expressions computed; `failed` when that was a mistake. */
function compute(written: Node | null, pointer: string, reading: Reading): Node | null | typeof failed {
  const node = written && resolved(reading, written);
  const computed = evaluated(written, node, reading);
  if (typeof computed !== 'symbol') return computed;
  reading.faults.add(pointer);
  return failed;
}

/** Reads a value that may be an expression. */
export function readComputed(
  written: Node | null,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
): Json | undefined {
  const computed = compute(written, pointer, reading);
  return computed === failed ? undefined : readValue(computed, schema, pointer, reading);
}

const isNull = (node: Node | null): boolean => isScalar(node) && node.type === 'PLAIN' && node.value === '';

function itemSchema({ items }: JsonSchema, index: number): JsonSchema {
  return (Array.isArray(items) ? items[index] : items) ?? {};
}

function mismatch(
  written: Node | null,
  node: Node | null,
  schemas: JsonSchema[],
  pointer: string,
  reading: Reading,
): undefined {
  const secret = schemas.some(schema => schema['x-secret']);
  const kinds = schemas.map(schema =>
    schema['x-secret'] ? 'a secret reference' : (schema.type ?? 'string'),
  );
  const what =
    node === null
      ? 'nothing'
      : isMap(node)
        ? 'a map'
        : isSeq(node)
          ? 'a list'
          : sayScalar(node, secret || reading.file.hidden.has(node));
  const flow = node !== null && (isMap(node) || isSeq(node)) && node.flow === true;
  const takesText = kinds.includes('string') || secret;
  const source = written && !isAlias(written) && !secret ? sourceOf(reading.file, written) : '';
  const short = source.length <= 60 && !source.includes("'") && !source.includes('\n');
  return fault(
    reading,
    pointer,
    'wrong-kind',
    `${nameAt(reading, pointer)}: expected ${expected(kinds)}, found ${what}`,
    nodePlace(reading, written),
    flow && takesText
      ? `braces and brackets are YAML here; quote it${source && short ? `: '${source}'` : ''}`
      : undefined,
  );
}

function sayScalar(node: Node, hidden: boolean): string {
  if (hidden || !isScalar(node)) return 'something else';
  return node.value === '' ? 'nothing' : `the text \`${String(node.value).slice(0, 60)}\``;
}
