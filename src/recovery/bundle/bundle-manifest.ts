import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import { isSecretRef, type Json } from '../../engine/model/catalog.ts';
import { child, nearest } from '../../engine/model/pointer.ts';
import type { Bundle, BundledResource, BundledTarget } from './bundle.ts';

/** A bundle as a manifest: what compiles it again looks at it as it looks at any other. */
export interface BundleManifest {
  text: string;
  /** Where home said what is in this line, counted from 1. */
  placeOf(line: number): SourceRange | undefined;
}

interface Written {
  line: string;
  place?: SourceRange | undefined;
}

/** YAML in the form of JSON, with each value in a line of its own: so a line tells which value is meant. */
export function asManifest({ targets, resources }: Bundle): BundleManifest {
  const lines: Written[] = [
    { line: '{ "converge": 1,' },
    { line: '"targets": {' },
    ...separated(targets.map(targetLines)),
    { line: '},' },
    { line: '"resources": {' },
    ...separated(
      Object.entries(Object.groupBy(resources, ({ type }) => type)).map(([type, some = []]) => [
        { line: `${quoted(type)}: {`, place: some[0]?.at },
        ...separated(some.map(resourceLines)),
        { line: '}' },
      ]),
    ),
    { line: '} }' },
  ];
  return {
    text: `${lines.map(({ line }) => line).join('\n')}\n`,
    placeOf: line => lines[line - 1]?.place,
  };
}

const targetLines = ({ name, type, properties, at }: BundledTarget): Written[] =>
  entry(name, { ...properties, type }, () => at);

function resourceLines({ title, properties, target, at, places }: BundledResource): Written[] {
  const known = new Map(Object.entries(places));
  const body = { ...properties, ...(target !== undefined && { target }) };
  return entry(title, body, pointer => nearest(known, pointer) ?? at);
}

type PlaceAt = (pointer: string) => SourceRange;

const entry = (name: string, value: Json, placeAt: PlaceAt): Written[] =>
  prefixed(`${quoted(name)}: `, valueLines(value, '', placeAt));

function valueLines(value: Json, pointer: string, placeAt: PlaceAt): Written[] {
  const place = placeAt(pointer);
  if (isSecretRef(value)) return [{ line: quoted(secretExpression(value.$secret)), place }];
  if (typeof value === 'string') return [{ line: quoted(literal(value)), place }];
  if (typeof value !== 'object' || value === null) return [{ line: JSON.stringify(value), place }];
  const members = Array.isArray(value)
    ? value.map((member, n) => valueLines(member, child(pointer, String(n)), placeAt))
    : Object.entries(value).map(([key, member]) =>
        prefixed(`${quoted(key)}: `, valueLines(member, child(pointer, key), placeAt)),
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return [{ line: open, place }, ...separated(members), { line: close, place }];
}

/**
 * In double quotes a manifest may not hold what an escape may have made; what needs one is left for it to
 * refuse.
 */
const quoted = (text: string): string =>
  /[\p{Cc}\u2028\u2029\ufeff]/u.test(text) || !text.isWellFormed()
    ? JSON.stringify(text)
    : `'${text.replaceAll("'", "''")}'`;

/** Text that reads as itself where expressions are read. */
const literal = (text: string): string => text.replaceAll('${', () => '$${');

/** A name has no quote of one kind or the other, or could not have been written. */
const secretExpression = (name: string): string =>
  name.includes("'") ? `\${secret("${name}")}` : `\${secret('${name}')}`;

const prefixed = (before: string, [first, ...rest]: Written[]): Written[] => [
  { ...first!, line: `${before}${first!.line}` },
  ...rest,
];

const separated = (parts: Written[][]): Written[] =>
  parts.flatMap((part, n) => {
    if (n === parts.length - 1) return part;
    const last = part.at(-1)!;
    return [...part.slice(0, -1), { ...last, line: `${last.line},` }];
  });
