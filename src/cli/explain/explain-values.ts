import { Failure, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { type CatalogResource, isSecretRef, type Json } from '../../engine/model/catalog.ts';
import { nearest, pointerTo, valueAt } from '../../engine/model/pointer.ts';
import type { Layer, Trace } from '../../manifest/scope/scope.ts';

/** Where one value was said. */
interface Said {
  from: string;
  at?: Place;
  value: Json;
  wins: boolean;
  computed?: Computed;
}
interface Computed {
  at: Place;
  /** By name (`data.interval`), each with all that say it, the winner first. */
  inputs: { name: string; said: Said[] }[];
}
type Place = Pick<SourceRange, 'file' | 'line' | 'column'>;

/** A resource with where its values come from; also the JSON of `converge explain --format json`. */
export interface Explained {
  version: 1;
  address: string;
  at: Place;
  values: { path: string[]; value: Json; at?: Place; read_from?: string; computed?: Computed }[];
}

/**
 * Every value of a resource, or the one at `path`, with where it stands; with a computed one all layers
 * that say something of what it was made of. Throws a Failure for an unknown property.
 */
export function explained(
  resource: CatalogResource,
  path: readonly string[],
  traces: ReadonlyMap<string, Trace>,
): Explained {
  const names = path.length > 0 ? [[...path]] : Object.keys(resource.properties).map(name => [name]);
  const values = names.map(name => {
    const pointer = pointerTo(name);
    const value = valueAt(resource.properties, pointer) as Json | undefined;
    if (value === undefined) throw noProperty(resource, name);
    const at = resource.places.get(pointer);
    const trace = nearest(traces, pointer);
    return {
      path: name,
      value,
      ...(at && { at: placeOf(at) }),
      ...(isSecretRef(value) && { read_from: sourceOf(value.$secret) }),
      ...(trace && { computed: computedBy(trace) }),
    };
  });
  return { version: 1, address: resource.address, at: placeOf(resource.at), values };
}

const computedBy = ({ at, inputs }: Trace): Computed => ({
  at: placeOf(at),
  inputs: inputs.map(({ name, layers }) => ({
    name,
    said: layers.toReversed().map((layer, index) => saidBy(layer, index === 0)),
  })),
});

const saidBy = ({ from, at, value, trace }: Layer, wins: boolean): Said => ({
  from,
  ...(at && { at: placeOf(at) }),
  value,
  wins,
  ...(trace && { computed: computedBy(trace) }),
});

const placeOf = ({ file, line, column }: SourceRange): Place => ({ file, line, column });

/** Where a secret is read when a call needs it: explaining reads none. */
function sourceOf(reference: string): string {
  const [, source = '', name = '', key] = /^(\w+):([^#]*)(?:#(.+))?$/s.exec(reference) ?? [];
  if (source === 'env') return `the environment variable ${name}`;
  if (source === 'ssm') return `the parameter ${name} of SSM Parameter Store, by the aws target`;
  if (source === 'secretsmanager')
    return `${key === undefined ? '' : `${key} in `}the secret ${name} of Secrets Manager, by the aws target`;
  return `the file ${reference.slice('file:'.length)}`;
}

export const explainedJson = (values: Explained): string => `${JSON.stringify(values, null, 2)}\n`;

/** For people: below a computed value all that say something of it, the winner marked. */
export function explainedText({ address, at, values }: Explained): string[] {
  const lines = [`${address}  ${where(at)}`];
  for (const { path, value, at: place, read_from, computed } of values) {
    lines.push(`  ${path.join('.')} = ${show(value)}  ${where(place)}`);
    if (read_from !== undefined) lines.push(`    read from ${read_from}, when it is needed`);
    if (computed) explainComputed(computed, '    ', lines);
  }
  return lines;
}

function explainComputed({ at, inputs }: Computed, indent: string, lines: string[]): void {
  lines.push(`${indent}computed at ${where(at)}`);
  for (const { name, said } of inputs) {
    lines.push(`${indent}from ${name}, the marked one wins:`);
    for (const one of said) {
      lines.push(`${indent}${one.wins ? '*' : ' '} ${sayOne(one)}`);
      if (one.computed) explainComputed(one.computed, `${indent}    `, lines);
    }
    if (said.length === 0) lines.push(`${indent}  nothing says it`);
  }
}

const sayOne = ({ from, at, value }: Said): string =>
  at?.file === from
    ? `${where(at)}  ${show(value)}`
    : `${from}${at ? ` (${where(at)})` : ''}  ${show(value)}`;

const where = (at: Place | undefined): string => (at ? `${at.file}:${at.line}` : '');

function show(value: Json): string {
  if (isSecretRef(value)) return `secret ${value.$secret}`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 70 || text.includes('\n') ? `${JSON.stringify(text).slice(1, 67)}...` : text;
}

function noProperty({ address, properties }: CatalogResource, path: readonly string[]): Failure {
  const names = Object.keys(properties);
  return new Failure(
    given('unknown-property', `${address} declares no ${path.join('.')}`, {
      hint: suggest(path[0] ?? '', names) ?? `it declares ${names.join(', ') || 'nothing'}`,
    }),
  );
}
