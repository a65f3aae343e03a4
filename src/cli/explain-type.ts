import type { TSchema } from 'typebox';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { suggest } from '../diagnostics/nearest.ts';
import type { AnyResourceType, Registry } from '../engine/resource-type.ts';
import { constants, type JsonSchema, valueSchema } from '../manifest/json-schema.ts';

/** The documentation of a type for a terminal `columns` wide. Throws a Failure for an unknown name. */
export function explainType(name: string, registry: Registry, columns: number): string {
  const type = registry.types.get(name);
  if (!type) {
    const hint = suggest(name, registry.types.keys());
    throw new Failure(
      given('unknown-type', `there is no resource type ${name}`, hint === undefined ? {} : { hint }),
    );
  }
  const width = Math.max(40, Math.min(columns, 100));
  const paragraphs = type.doc
    .split(/\n\s*\n/)
    .map(text => wrapped(text.replace(/\s*\n\s*/g, ' '), width, ''));
  const properties = describe(valueSchema(type.schema), width, '  ');
  return [
    name,
    ...paragraphs.map(text => `\n${text}`),
    `\n${place(type)}`,
    properties.length > 0 ? '\nProperties:' : '\nIt has no properties.',
    ...properties,
    ...(type.select
      ? ['\nMany of them by one:', ...describe(selection(type.select.schema), width, '  ')]
      : []),
    '',
  ].join('\n');
}

const selection = (schema: TSchema): JsonSchema => ({ properties: { select: valueSchema(schema) } });

function place({ runs, canBeAbsent, refresh }: AnyResourceType): string {
  const on =
    runs.on === 'remote'
      ? `It lives on a target of type ${runs.target}.`
      : `It is on the host${runs.platforms ? ` (${runs.platforms.join(', ')})` : ''}.`;
  const absent = canBeAbsent === false ? " It can't be absent." : '';
  return `${on}${absent}${refresh ? ' It can be notified.' : ''}`;
}

function describe(schema: JsonSchema, width: number, indent: string): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const must = required.has(name) ? ', required' : '';
    const lines = [`${indent}${name}  ${kind(property)}${must}`];
    if (property.description) lines.push(wrapped(property.description, width, `${indent}    `));
    const inner = property.properties ? property : property.anyOf?.find(branch => branch.properties);
    if (inner && !property['x-secret']) lines.push(...describe(inner, width, `${indent}    `));
    return lines;
  });
}

function kind(schema: JsonSchema): string {
  if (schema['x-secret']) return 'secret reference';
  const values = constants(schema);
  if (values.length > 0) return values.join(' | ');
  if (schema.anyOf) return schema.anyOf.map(kind).join(' or ');
  if (schema.type === 'array') {
    const items = schema.items;
    return `list of ${items && !Array.isArray(items) ? kind(items) : 'values'}`;
  }
  const names: Record<string, string> = { string: schema.format ?? 'text', object: 'map' };
  return names[schema.type ?? ''] ?? schema.type ?? 'any value';
}

function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length > indent.length && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  return [...lines, line].join('\n');
}
