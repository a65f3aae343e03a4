import { isMap, isScalar, type Node, YAMLMap } from 'yaml';
import { type Diagnostic, given } from '../diagnostics/diagnostic.ts';
import { nearest, suggest } from '../diagnostics/nearest.ts';
import type { AnyResourceType, Registry } from '../engine/resource-type.ts';
import { checkConstraints } from './constraints.ts';
import type { Declarations, DeclaredResource } from './declared.ts';
import { valueSchema } from './json-schema.ts';
import { checkName } from './map-names.ts';
import { bodySchema, separate } from './metaparameters.ts';
import { readMap } from './read-value.ts';
import { newReading, resolved } from './reading.ts';
import { found, quoted } from './scalar.ts';
import { keyText, placeOf, type SourceFile } from './source-file.ts';
import { validatorFor } from './validator.ts';

type Report = (diagnostic: Diagnostic) => void;
type Entry = { key: Node; value: Node | null };

/** Reads `resources:` of one file into `into`. */
export async function readResources(
  file: SourceFile,
  node: Node | null,
  registry: Registry,
  into: Declarations,
  report: Report,
): Promise<void> {
  for (const { key, value } of entriesOf(file, node, '`resources`', 'types', report)) {
    const name = keyText(file, key) ?? '';
    const type = registry.types.get(name);
    const titles = entriesOf(file, value, quoted(name), 'titles', report);
    if (!type) {
      const hint = suggest(name, registry.types.keys());
      const message = `there is no resource type ${quoted(name)}`;
      report(given('unknown-type', message, { at: placeOf(file, key), ...(hint ? { hint } : {}) }));
      const meant = nearest(name, registry.types.keys()) ?? name;
      for (const title of titles) into.spoiled.add(`${meant}:${keyText(file, title.key)}`);
      continue;
    }
    for (const title of titles) into.resources.push(await readResource(file, type, title, report));
  }
}

async function readResource(
  file: SourceFile,
  type: AnyResourceType,
  { key, value }: Entry,
  report: Report,
): Promise<DeclaredResource> {
  const at = placeOf(file, key);
  const title = keyText(file, key) ?? '';
  const address = `${type.name}:${title}`;
  const reading = newReading(file, quoted(address), at, diagnostic => report({ ...diagnostic, address }));
  checkName(title, key, '', reading);
  const node = value && resolved(reading, value);
  if (node && !isMap(node) && !isNothing(node))
    reading.report(
      given('wrong-kind', `${quoted(address)}: expected a map of properties, found ${sayNode(file, node)}`, {
        at: placeOf(file, value ?? key),
        hint: `write its properties as \`name: value\``,
      }),
    );
  const readable = !node || isMap(node) || isNothing(node);
  const body = readable ? readMap(isMap(node) ? node : new YAMLMap(), bodySchema(type), '', reading) : {};
  const { properties, meta } = separate(body, reading);
  if (readable) {
    const validate = await validatorFor(valueSchema(type.schema));
    checkConstraints(properties, validate, reading);
  }
  const places = new Map([...reading.visits].map(([pointer, visit]) => [pointer, visit.at]));
  const resource = { address, type: type.name, title, properties, meta, at, places };
  return { resource, type, valid: readable && reading.faults.size === 0 };
}

/** The entries of a map without duplicate keys (reported before); none for an empty value. */
export function entriesOf(
  file: SourceFile,
  written: Node | null,
  what: string,
  of: string,
  report: Report,
): Entry[] {
  const node = written && resolved({ file }, written);
  if (!node || isNothing(node)) return [];
  if (!isMap(node)) {
    const message = `${what}: expected a map of ${of}, found ${sayNode(file, node)}`;
    report(given('wrong-kind', message, { at: placeOf(file, written) }));
    return [];
  }
  const seen = new Set<string>();
  return (node.items as Entry[]).filter(({ key }) => {
    const name = keyText(file, key) ?? '';
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

const isNothing = (node: Node): boolean =>
  isScalar(node) && node.type === 'PLAIN' && /^(|~|null)$/.test(String(node.value));

const sayNode = (file: SourceFile, node: Node): string =>
  file.hidden.has(node)
    ? 'something else'
    : isScalar(node)
      ? found(String(node.value))
      : found(isMap(node) ? {} : []);
