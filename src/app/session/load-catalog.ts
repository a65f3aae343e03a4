import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog } from '../../engine/model/catalog.ts';
import { type Compiled, compile } from '../../manifest/compile.ts';
import type { Context } from '../app-context.ts';
import { hostFacts } from '../aws/host-facts.ts';
import { instanceHere } from '../aws/instance.ts';
import { labHostFor } from '../lab/lab-host.ts';
import type { ContentFiles } from '../options.ts';
import { shipped } from '../shipped-path.ts';
import { type Nested, nestedManifests, readBeside } from './nested-manifests.ts';
import { loadUserTypes } from './user-types.ts';

export const shippedModules = shipped('modules');

/**
 * `--lab` takes the next word, so `apply --lab manifests` leaves no path. Throws a Failure that says so;
 * otherwise commander would only say that something is missing.
 */
function requirePaths(paths: string[], lab?: string | true): void {
  if (paths.length > 0) return;
  const taken = typeof lab === 'string' ? lab : undefined;
  throw new Failure(
    given(
      'no-paths',
      taken === undefined
        ? 'no manifests were named'
        : `no manifests were named: --lab took ${taken} for the lab's folder`,
      {
        hint:
          taken === undefined
            ? 'name files or folders of manifests; `converge init` writes a first one'
            : `paths come before --lab: ${taken} --lab`,
      },
    ),
  );
}

/** Options that decide what a catalog is made of. */
export interface CatalogOptions {
  lab?: string | true;
  env?: string;
  set?: string[];
  /** Where manifests and what belongs to them are read; default: this machine, and its working directory. */
  content?: ContentFiles;
}

/** Compiles manifests and shows every mistake; undefined when there is an error (exit 1). */
export async function loadCatalog(
  context: Context,
  paths: string[],
  options: CatalogOptions = {},
): Promise<Catalog | undefined> {
  return (await loadCompiled(context, paths, options))?.catalog;
}

/** The same with how computed values came about. */
export async function loadCompiled(
  context: Context,
  paths: string[],
  { lab, env: environment, set, content = context.io.host }: CatalogOptions,
): Promise<Compiled | undefined> {
  requirePaths(paths, lab);
  const { cwd: hostCwd, platform, env } = context.io.host;
  const { files, cwd } = content;
  const types = await loadUserTypes(context, paths, content);
  const instance = instanceHere(context, lab);
  const compiled = await compile(paths, {
    registry: context.registry,
    unusable: types.unusable,
    files,
    cwd,
    hostCwd,
    platform,
    env,
    facts: hostFacts(context.io.host, lab !== undefined, instance),
    ...(lab !== undefined && { hostFor: labHostFor(context, host => hostFacts(host, true, instance)) }),
    shippedModules,
    ...(environment !== undefined && { environment }),
    ...(set && { settings: set }),
  }).finally(instance.close);
  const { catalog } = compiled;
  const told = [...types.diagnostics, ...compiled.diagnostics];
  // What is named by something with mistakes may not be what is meant.
  const { nested, diagnostics, sources } = told.some(isError)
    ? nothingNested
    : await nestedManifests(
        catalog,
        { registry: context.registry, shippedModules, shippedFiles: context.io.host.files, cwd },
        readBeside({ files, cwd }),
      );
  for (const [file, text] of [...sources, ...catalog.sources]) context.sources.set(file, text);
  const all = [...told, ...diagnostics];
  context.reporter.diagnostics(all);
  if (all.some(isError)) return undefined;
  return nested.length === 0 ? compiled : { ...compiled, catalog: { ...catalog, nested } };
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
const nothingNested: Nested = { nested: [], diagnostics: [], sources: new Map() };
