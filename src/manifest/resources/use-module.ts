import { isScalar, type Node } from 'yaml';
import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Json } from '../../engine/model/catalog.ts';
import type { Module } from '../modules/module.ts';
import { validatorFor } from '../schema/validator.ts';
import { newReading, type Reading, textsOf } from '../scope/reading.ts';
import { type Scope, sourced } from '../scope/scope.ts';
import { mergeLayers } from '../sections/data-layers.ts';
import { quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { checkConstraints } from '../values/constraints.ts';
import { bodyOf, type Entry } from '../values/entries.ts';
import { checkName } from '../values/map-names.ts';
import { separate } from '../values/metaparameters.ts';
import { readComputed, readMap } from '../values/read-value.ts';
import { addressOf, isWanted, titleOf } from './expand.ts';
import type { Context } from './resource-context.ts';

/** Declares the resources of one use of a module, below the address of the use. */
export async function useModule(
  file: SourceFile,
  module: Module,
  entry: Entry,
  context: Context,
  readResources: (file: SourceFile, node: Node | null, context: Context) => Promise<void>,
): Promise<void> {
  const { into, chain } = context;
  const at = placeOf(file, entry.key);
  const wanted = isWanted(file, `${module.name}:${keyText(file, entry.key)}`, entry.value, context);
  const title = titleOf(file, module.name, entry.key, context, wanted);
  if (title === undefined) return;
  const address = addressOf(context, module.name, title);
  const report = (diagnostic: Diagnostic) => context.report({ ...diagnostic, address });
  if (chain.includes(module.name)) {
    into.incomplete = true;
    const path = [...chain.slice(chain.indexOf(module.name)), module.name].join(' -> ');
    return report(
      given('module-recursion', `a module uses itself: ${path}`, { at, hint: 'break the circle' }),
    );
  }
  if (title.includes('/')) {
    into.incomplete = true;
    const hint = 'it separates the module from what is inside; use another character';
    return report(given('module-title', `the title of a module can't hold \`/\``, { at, hint }));
  }
  const reading = newReading(file, quoted(address), at, report, { scope: context.scope, lenient: !wanted });
  checkName(title, entry.key, '', reading);
  const body = bodyOf(file, address, entry, report);
  const read = body ? readMap(body, module.body, '', reading) : {};
  const { properties, meta } = separate(read, reading);
  if (body) checkConstraints(properties, await validatorFor(module.parameters), reading);
  if (!wanted) return void into.leftOut.set(address, at);
  if (!body || reading.faults.size > 0) {
    into.incomplete = true;
    return;
  }
  const first = into.uses.get(address);
  if (first)
    return report(
      given('declared-twice', `${quoted(address)} is declared twice`, {
        at,
        hint: 'merge the two, or remove one',
        related: [{ message: 'first here', at: first.at }],
      }),
    );
  const inside = { ...context, report: bothPlaces(context, address, at) };
  const scope = await innerScope(module, { address, title }, properties, reading, inside);
  if (!scope) {
    into.incomplete = true;
    return;
  }
  const from = into.resources.length;
  await readResources(module.file, module.resources, { ...inside, scope, chain: [...chain, module.name] });
  const members = into.resources.slice(from);
  into.uses.set(address, { at, members: members.map(({ resource }) => resource.address) });
  for (const { resource, inherited } of members) {
    inherited.push({ meta, module: context.scope.module });
    if (meta.noop) resource.meta.noop = true;
    resource.meta.labels.push(...meta.labels);
  }
}

/** A mistake inside a module also shows where the module is used; one mistake once, however many uses. */
function bothPlaces(context: Context, address: string, at: SourceRange): Context['report'] {
  const { into, report } = context;
  return diagnostic => {
    const { code, message, at: inside } = diagnostic;
    if (context.chain.length === 0) {
      const key = JSON.stringify([code, message.replaceAll(address, ''), inside]);
      if (into.told.has(key)) return;
      into.told.add(key);
    }
    const used = { message: `${quoted(address)} is used here`, at };
    report({ ...diagnostic, related: [...(diagnostic.related ?? []), used] });
  };
}

/** `default:`, `default: ~` and `default: null`, not text that is empty. */
const isNothing = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.type === 'PLAIN' && /^(|~|null)$/.test(String(node.value ?? '')));

/**
 * What expressions of the module see: the title, and the parameters with defaults where the use says nothing.
 */
async function innerScope(
  module: Module,
  { address, title }: { address: string; title: string },
  given: { [name: string]: Json },
  use: Reading,
  { scope, dataLayers, report }: Context,
): Promise<Scope | undefined> {
  const layers = module.data ? [module.data, ...dataLayers] : dataLayers;
  const data = module.data ? mergeLayers(layers, report) : mergeLayers(dataLayers, () => {});
  const named = sourced({ title }, `title of ${address}`, new Map([['/title', use.at]]));
  const outer: Scope = { ...scope, params: named, data, module: address };
  delete outer.each;
  const reading = newReading(
    module.file,
    quoted(module.name),
    placeOf(module.file, module.file.root),
    report,
    {
      scope: outer,
    },
  );
  const defaults: [string, Json][] = [];
  for (const [name, node] of module.defaults) {
    const schema = module.parameters.properties![name]!;
    const read = isNothing(node) ? null : readComputed(node, schema, `/${name}`, reading);
    if (read !== undefined) defaults.push([name, read]);
  }
  const values = Object.fromEntries(defaults);
  const checked = Object.fromEntries(defaults.filter(([, value]) => value !== null));
  checkConstraints(checked, await validatorFor({ ...module.parameters, required: [] }), reading);
  if (reading.faults.size > 0) return undefined;
  const placesOf = (source: Reading) =>
    new Map([...source.visits].map(([pointer, visit]) => [pointer, visit.at]));
  const tracesOf = (source: Reading) =>
    new Map([...source.visits].flatMap(([pointer, { trace }]) => (trace ? [[pointer, trace] as const] : [])));
  const low = sourced(
    values,
    `default of the module ${module.name}`,
    placesOf(reading),
    tracesOf(reading),
    textsOf(reading),
  );
  const high = sourced(given, `parameter of ${address}`, placesOf(use), tracesOf(use), textsOf(use));
  const params = {
    value: { ...named.value, ...values, ...given },
    texts: new Map([...low.texts, ...high.texts]),
    layers: (path: string[]) => [
      ...named.layers(path),
      ...(path.length === 1 || !Object.hasOwn(given, path[0] ?? '') ? low.layers(path) : []),
      ...high.layers(path),
    ],
  };
  return { ...outer, params };
}
