import { wrap } from '../../diagnostics/wrap.ts';
import { constants, type JsonSchema } from '../../manifest/schema/json-schema.ts';

/**
 * The properties of a map, for a terminal: a line with name and kind, and what is said about it below.
 *
 * @param defaults what is taken for a property that is left out, as it would be written
 */
export function describeProperties(
  schema: JsonSchema,
  width: number,
  indent = '  ',
  defaults: ReadonlyMap<string, string> = new Map(),
): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([, property]) => !property['x-reserved'])
    .flatMap(([name, property]) => {
      const value = defaults.get(name);
      const facts = [kindOf(property), ...limitsOf(property)];
      if (required.has(name)) facts.push('required');
      if (value !== undefined) facts.push(`default ${value}`);
      const below = `${indent}    `;
      const said = [property.description ?? '', gradeOf(property)].filter(Boolean).join(' ');
      return [
        ...hanging(`${indent}${name}`, facts.join(', '), width, below),
        ...wrap(said, width, below),
        ...(inside(property) ? describeProperties(inside(property)!, width, below) : []),
      ];
    });
}

/** `head  rest` in one line, the rest below it when there is no room. */
function hanging(head: string, rest: string, width: number, indent: string): string[] {
  const line = `${head}  ${rest}`;
  return line.length <= width ? [line] : [head, ...wrap(rest, width, indent)];
}

/** The map that a property is, may be, or is a list of. A secret reference is not for looking into. */
function inside(property: JsonSchema): JsonSchema | undefined {
  const items = property.items && !Array.isArray(property.items) ? property.items : undefined;
  const candidates = [property, ...(property.anyOf ?? []), ...(items ? [items] : [])];
  return candidates.find(({ properties, ...rest }) => properties && !rest['x-secret']);
}

/** In the words of a user: `text`, `duration`, `a | b`, `list of text`. */
function kindOf(schema: JsonSchema): string {
  if (schema['x-secret']) return 'secret reference';
  const values = constants(schema);
  if (values.length > 0) return values.join(' | ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kindOf))].join(' or ');
  if (schema.type === 'array') {
    const items = schema.items;
    return `list of ${items && !Array.isArray(items) ? kindOf(items) : 'values'}`;
  }
  const names: Record<string, string> = { string: schema.format ?? 'text', object: 'map' };
  return names[schema.type ?? ''] ?? schema.type ?? 'any value';
}

function limitsOf(schema: JsonSchema): string[] {
  const say = (keyword: string, words: (value: unknown) => string) =>
    schema[keyword] === undefined ? [] : [words(schema[keyword])];
  return [
    ...say('minimum', value => `at least ${value}`),
    ...say('maximum', value => `at most ${value}`),
    ...say('minItems', value => `${value} or more`),
    ...say('maxItems', value => `${value} or fewer`),
    ...say('maxLength', value => `at most ${value} characters`),
    ...say('x-unordered', () => 'in any order'),
  ];
}

function gradeOf(schema: JsonSchema): string {
  const grade = schema['x-grade'] as { order?: unknown[]; weakens?: string } | undefined;
  if (grade?.order) return `From the weakest protection: ${grade.order.join(', ')}.`;
  if (grade?.weakens === undefined) return '';
  const [more, less] =
    schema.type === 'string'
      ? ['longer', 'shorter']
      : schema.type === 'array'
        ? ['more', 'fewer']
        : ['higher', 'lower'];
  return `${grade.weakens === 'increase' ? more : less} weakens protection.`.replace(/^./, c =>
    c.toUpperCase(),
  );
}
