import { Failure, given, type SourceRange } from '../diagnostics/diagnostic.ts';
import { suggest } from '../diagnostics/nearest.ts';
import { type CatalogResource, isSecretRef, type Json } from '../engine/catalog.ts';
import { nearest, valueAt } from '../engine/pointer.ts';
import type { Layer, Trace } from '../manifest/scope.ts';

/**
 * Every value of a resource, or the one at `path`, with where it stands; below a computed one all layers
 * that say something of what it was made of, the winner marked. Throws a Failure for an unknown property.
 */
export function explainValues(
  resource: CatalogResource,
  path: readonly string[],
  traces: ReadonlyMap<string, Trace>,
): string {
  const names = path.length > 0 ? [path] : Object.keys(resource.properties).map(name => [name]);
  const lines = [`${resource.address}  ${where(resource.at)}`];
  for (const name of names) {
    const pointer = name.map(part => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    const value = valueAt(resource.properties, pointer) as Json | undefined;
    if (value === undefined) throw noProperty(resource, name);
    lines.push(`  ${name.join('.')} = ${show(value)}  ${where(resource.places.get(pointer))}`);
    const trace = nearest(traces, pointer);
    if (trace) explainTrace(trace, '    ', lines);
  }
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`;
}

function explainTrace({ at, inputs }: Trace, indent: string, lines: string[]): void {
  lines.push(`${indent}computed at ${where(at)}`);
  for (const { name, layers } of inputs) {
    lines.push(`${indent}from ${name}, the marked one wins:`);
    for (const layer of layers.toReversed()) {
      lines.push(`${indent}${layer === layers.at(-1) ? '*' : ' '} ${sayLayer(layer)}`);
      if (layer.trace) explainTrace(layer.trace, `${indent}    `, lines);
    }
    if (layers.length === 0) lines.push(`${indent}  nothing says it`);
  }
}

const sayLayer = ({ from, at, value }: Layer): string =>
  at?.file === from
    ? `${where(at)}  ${show(value)}`
    : `${from}${at ? ` (${where(at)})` : ''}  ${show(value)}`;

const where = (at: SourceRange | undefined): string => (at ? `${at.file}:${at.line}` : '');

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
