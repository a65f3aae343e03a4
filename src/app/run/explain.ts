import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import { knownModules } from '../../manifest/known-modules.ts';
import type { Trace } from '../../manifest/scope/scope.ts';
import type { Context } from '../app-context.ts';
import { type CatalogOptions, loadCompiled, shippedModules } from '../session/load-catalog.ts';
import { requireUserTypes } from '../session/user-types.ts';

/** A declared resource with how its computed values came about. */
export interface ExplainedResource {
  resource: CatalogResource;
  /** Of the property that was named; empty: the whole resource. */
  path: string[];
  /** By JSON pointer. */
  traces: ReadonlyMap<string, Trace>;
}

/**
 * @param words `TYPE:TITLE[.PROPERTY]`
 * Undefined when the manifests have mistakes, which were told; throws a Failure when they declare no such
 * thing.
 */
export async function explainResource(
  context: Context,
  words: string,
  paths: string[],
  options: CatalogOptions,
): Promise<ExplainedResource | undefined> {
  const compiled = await loadCompiled(context, paths, options);
  if (!compiled) return undefined;
  const { resource, path } = named(words, compiled.catalog.resources);
  return { resource, path, traces: compiled.traces.get(resource.address) ?? new Map() };
}

/** What can be documented: built in, shipped, and beside the manifests at `paths`. */
export interface Documented {
  registry: Registry;
  modules: Awaited<ReturnType<typeof knownModules>>;
}

/** @param type what is asked about, true for all there is: a type that is built in needs nobody's code */
export async function documented(
  context: Context,
  type: string | true,
  paths: string[],
): Promise<Documented> {
  const { files, cwd } = context.io.host;
  const around = paths.length > 0 ? paths : ['.', 'manifests'];
  if (type === true || !context.registry.types.has(type)) await requireUserTypes(context, around);
  const { registry } = context;
  const options = { registry, files, cwd, shippedModules };
  return { registry, modules: await knownModules(around, options, () => {}) };
}

/** Titles hold dots: the longest declared address that the words begin with wins. */
function named(
  words: string,
  resources: readonly CatalogResource[],
): { resource: CatalogResource; path: string[] } {
  let best: CatalogResource | undefined;
  for (const resource of resources) {
    const fits = words === resource.address || words.startsWith(`${resource.address}.`);
    if (fits && resource.address.length > (best?.address.length ?? -1)) best = resource;
  }
  if (best) {
    const rest = words.slice(best.address.length + 1);
    return { resource: best, path: rest === '' ? [] : rest.split('.') };
  }
  // A VM that a selection finds has its values, whichever VM that is.
  const selection = resources.find(one => one.select !== undefined && words.startsWith(`${one.address}/`));
  if (selection) {
    const names = Object.keys(selection.properties);
    const path = words.split('.').slice(1);
    const start = path.findIndex(name => names.includes(name));
    return { resource: selection, path: start < 0 ? [] : path.slice(start) };
  }
  const addresses = resources.map(({ address }) => address);
  const hint = suggest(words, addresses) ?? suggest(words.replace(/\.[^.]*$/, ''), addresses);
  throw new Failure(
    given('unknown-address', `${words} is not declared`, {
      hint: hint ?? '`converge graph PATHS` lists the addresses',
    }),
  );
}
