import type { Node } from 'yaml';
import { type Diagnostic, given, type SourceRange } from '../diagnostics/diagnostic.ts';
import { suggest } from '../diagnostics/nearest.ts';
import type { Json } from '../engine/model/catalog.ts';
import { child } from '../engine/model/pointer.ts';
import type { Registry } from '../engine/model/resource-type.ts';
import { readResources } from './resources/read-resources.ts';
import type { Context } from './resources/resource-context.ts';
import type { Declarations } from './scope/declared.ts';
import { newReading } from './scope/reading.ts';
import { type Scope, sourced, type Trace } from './scope/scope.ts';
import { anyValue } from './sections/data-layers.ts';
import { checkLanguage, topLevel } from './sections/language.ts';
import { readPolicy } from './sections/read-policy.ts';
import { readTargets } from './sections/read-targets.ts';
import { checkRequires } from './sections/requires.ts';
import { quoted } from './syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from './syntax/source-file.ts';
import { entriesOf } from './values/entries.ts';
import { readComputed } from './values/read-value.ts';

const topKeys = ['converge', 'requires', 'targets', 'params', 'data', 'policy', 'resources'];

/** Checks the language version before anything else, and the keys. False when nothing can be read. */
export function checkManifest(
  file: SourceFile,
  registry: Registry,
  into: Declarations,
  report: (diagnostic: Diagnostic) => void,
): boolean {
  const top = topLevel(file);
  const wrongVersion = checkLanguage(file, top.get('converge'), 'manifest');
  if (wrongVersion) {
    into.incomplete = true;
    report(wrongVersion);
    return false;
  }
  for (const [name, { key }] of top) {
    if (topKeys.includes(name)) continue;
    const at = placeOf(file, key);
    into.incomplete = true;
    const hint = registry.types.has(name) ? `put it below \`resources:\`` : suggest(name, topKeys);
    report(given('unknown-key', `a manifest has no key ${quoted(name)}`, { at, ...(hint ? { hint } : {}) }));
  }
  return true;
}

/** Reads one checked manifest into `context.into`, for a run on `platform`, in a lab or not. */
export async function readManifest(
  file: SourceFile,
  { platform, hasLab }: { platform: NodeJS.Platform; hasLab: boolean },
  context: Context,
): Promise<void> {
  const { registry, into, report } = context;
  const top = topLevel(file);
  const requires = top.get('requires')?.value;
  if (requires && !checkRequires(file, requires, platform, hasLab, report)) {
    // Facts, paths and types of another platform would only say the same mistake over and over.
    into.incomplete = true;
    return;
  }
  const policy = top.get('policy')?.value;
  if (policy) readPolicy(file, policy, into, report);
  const own = top.get('params')?.value;
  const scope = own ? { ...context.scope, ...readParams(file, own, context) } : context.scope;
  await readTargets(file, top.get('targets')?.value ?? null, registry, scope, into, report);
  await readResources(file, top.get('resources')?.value ?? null, { ...context, scope });
}

/** `params:` of a manifest: values with a name, for this file. One may use those above it. */
function readParams(
  file: SourceFile,
  node: Node,
  { scope, report }: Context,
): Pick<Scope, 'params' | 'brokenParams'> {
  const brokenParams = new Set<string>();
  const value: { [key: string]: Json } = {};
  const places = new Map<string, SourceRange>();
  const traces = new Map<string, Trace>();
  const texts = new Map<string, string>();
  const params = sourced(value, file.name, places, traces, texts);
  for (const entry of entriesOf(file, node, '`params`', 'names', report)) {
    const name = keyText(file, entry.key) ?? '';
    // Spread anew each time: expressions may keep what they saw.
    const seen = { ...scope, params: { ...params, value: { ...value } }, brokenParams };
    const told = (diagnostic: Diagnostic) => {
      if (diagnostic.severity === 'error') brokenParams.add(name);
      report(diagnostic);
    };
    const reading = newReading(file, '`params`', placeOf(file, entry.key), told, { scope: seen });
    const below = child('', name);
    const read = readComputed(entry.value, anyValue, below, reading);
    for (const [pointer, visit] of reading.visits) {
      places.set(pointer, visit.at);
      if (visit.trace) traces.set(pointer, visit.trace);
      if (visit.text !== undefined) texts.set(pointer, visit.text);
    }
    // A mistake in it is not a second one where it is used, also by a parameter below it.
    if (read === undefined) brokenParams.add(name);
    value[name] = read ?? null;
  }
  return { params, brokenParams };
}
