import { isMap, isScalar, type Node, YAMLMap } from 'yaml';
import { type Diagnostic, given } from '../diagnostics/diagnostic.ts';
import { nearest, suggest } from '../diagnostics/nearest.ts';
import type { AnyResourceType } from '../engine/resource-type.ts';
import { checkConstraints } from './constraints.ts';
import type { Context } from './context.ts';
import type { DeclaredResource } from './declared.ts';
import { eachOf, isWanted, titleOf } from './expand.ts';
import { valueSchema } from './json-schema.ts';
import { checkName } from './map-names.ts';
import { bodySchema, separate } from './metaparameters.ts';
import { readMap } from './read-value.ts';
import { newReading, resolved } from './reading.ts';
import { found, quoted } from './scalar.ts';
import { keyText, placeOf, type SourceFile } from './source-file.ts';
import { useModule } from './use-module.ts';
import { validatorFor } from './validator.ts';

type Report = (diagnostic: Diagnostic) => void;
export type Entry = { key: Node; value: Node | null };

/** Reads `resources:` of one file, a manifest or a module, into `context.into`. */
export async function readResources(file: SourceFile, node: Node | null, context: Context): Promise<void> {
  const { registry, modules, into, report } = context;
  for (const { key, value } of entriesOf(file, node, '`resources`', 'types', report)) {
    const name = keyText(file, key) ?? '';
    const type = registry.types.get(name);
    const module = type ? undefined : await modules.load(name);
    const titles = entriesOf(file, value, quoted(name), 'titles', report);
    if (module === 'broken') {
      into.incomplete = true;
      continue;
    }
    if (!type && !module) {
      const names = [...registry.types.keys(), ...modules.names];
      const hint = suggest(name, names);
      const message = `there is no resource type ${quoted(name)}`;
      report(given('unknown-type', message, { at: placeOf(file, key), ...(hint ? { hint } : {}) }));
      const meant = nearest(name, names) ?? name;
      for (const title of titles) into.spoiled.add(addressOf(context, meant, keyText(file, title.key) ?? ''));
      continue;
    }
    for (const title of titles)
      for (const each of eachOf(file, name, title, context)) {
        if (type) await readResource(file, type, title, each);
        else if (module) await useModule(file, module, title, each);
      }
  }
}

/** Inside a module the address of its use comes first. */
export const addressOf = ({ scope }: Context, type: string, title: string): string =>
  `${scope.module === '' ? '' : `${scope.module}/`}${type}:${title}`;

async function readResource(
  file: SourceFile,
  type: AnyResourceType,
  { key, value }: Entry,
  context: Context,
): Promise<void> {
  const at = placeOf(file, key);
  const wanted = isWanted(file, `${type.name}:${keyText(file, key)}`, value, context);
  const title = titleOf(file, type.name, key, context, wanted);
  if (title === undefined) return;
  const address = addressOf(context, type.name, title);
  const report = (diagnostic: Diagnostic) => context.report({ ...diagnostic, address });
  const reading = newReading(file, quoted(address), at, report, { scope: context.scope, lenient: !wanted });
  checkName(title, key, '', reading);
  const body = bodyOf(file, address, { key, value }, reading.report);
  const read = body ? readMap(body, bodySchema(type), '', reading) : {};
  const { properties, meta } = separate(read, reading);
  if (body) checkConstraints(properties, await validatorFor(valueSchema(type.schema)), reading);
  if (!wanted) return void context.into.leftOut.set(address, at);
  const places = new Map([...reading.visits].map(([pointer, visit]) => [pointer, visit.origin ?? visit.at]));
  const traces = new Map(
    [...reading.visits].flatMap(([pointer, { trace }]) => (trace ? [[pointer, trace] as const] : [])),
  );
  const resource = { address, type: type.name, title, properties, meta, at, places };
  const declared: DeclaredResource = {
    resource,
    type,
    valid: body !== undefined && reading.faults.size === 0,
    module: context.scope.module,
    inherited: [],
    traces,
  };
  context.into.resources.push(declared);
}

/** The map below a title without what was read before; undefined, and a mistake, for no map. */
export function bodyOf(
  file: SourceFile,
  address: string,
  { key, value }: Entry,
  report: Report,
): YAMLMap | undefined {
  const node = value && resolved({ file }, value);
  if (!node || isNothing(node)) return new YAMLMap();
  if (!isMap(node)) {
    report(
      given('wrong-kind', `${quoted(address)}: expected a map of properties, found ${sayNode(file, node)}`, {
        at: placeOf(file, value ?? key),
        hint: `write its properties as \`name: value\``,
      }),
    );
    return undefined;
  }
  const early = (pair: { key: unknown }) =>
    isScalar(pair.key) && /^(when|for_each)$/.test(String(pair.key.value));
  if (!node.items.some(early)) return node;
  const rest = new YAMLMap();
  rest.items = node.items.filter(pair => !early(pair));
  rest.range = node.range ?? null;
  return rest;
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
