import { isScalar, type Node } from 'yaml';
import { nearest, suggest } from '../../diagnostics/nearest.ts';
import { child } from '../../engine/model/pointer.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { fault, nameAt, nodePlace, type Reading } from '../scope/reading.ts';
import { controlCharacters } from '../syntax/control-characters.ts';
import { readExpression } from '../syntax/expression.ts';
import { mask, sourceOf } from '../syntax/source-file.ts';

/** The schema for the property `name`, or undefined when the map may not have it. */
export function propertySchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  for (const [pattern, property] of Object.entries(schema.patternProperties ?? {}))
    if (new RegExp(pattern, 'u').test(name)) return property;
  const { additionalProperties: rest = !schema.patternProperties } = schema;
  return typeof rest === 'object' ? rest : rest ? {} : undefined;
}

/** Reports a name that the map may not have; the value stays hidden when a secret was meant. */
export function unknownProperty(
  name: string,
  key: Node,
  value: Node | null,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
): void {
  const properties = Object.entries(schema.properties ?? {});
  const names = properties.filter(([, property]) => !property['x-reserved']).map(([known]) => known);
  const meant = nearest(name, names);
  if (value && meant !== undefined && schema.properties?.[meant]?.['x-secret']) mask(reading.file, value);
  const message = `${nameAt(reading, pointer)} has no property \`${name}\``;
  const below = child(pointer, name);
  fault(reading, below, 'unknown-property', message, nodePlace(reading, key), suggest(name, names));
}

/** Names follow the rules for one line of text, and hold no expression. */
export function checkName(name: string, key: Node, pointer: string, reading: Reading): boolean {
  if (reading.file.broken.has(key)) {
    reading.faults.add(pointer);
    return false;
  }
  const style = isScalar(key) ? key.type : undefined;
  const wrong = controlCharacters(name, sourceOf(reading.file, key), style);
  const at = nodePlace(reading, key);
  if (wrong) fault(reading, pointer, 'control-character', `a name: ${wrong.message}`, at, wrong.hint);
  else if (readExpression(name).kind !== 'text' || name.includes('$${'))
    fault(reading, pointer, 'bad-expression', 'a name cannot hold `${...}`', at);
  else return true;
  return false;
}

/** How to add a missing property. */
export function howToAdd(name: string, property: JsonSchema | undefined): string {
  const about = property?.description?.split(/(?<=[.;:])\s/, 1)[0]?.replace(/[.;:]$/, '');
  return about ? `add \`${name}\`: ${about[0]!.toLowerCase()}${about.slice(1)}` : `add \`${name}: ...\``;
}
