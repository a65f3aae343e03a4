import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { Catalog } from '../engine/catalog.ts';
import { compile } from '../manifest/compile.ts';
import { registry } from '../resources/registry.ts';
import type { Context } from './context.ts';

/**
 * `--lab` takes the next word, so `apply --lab manifests` leaves no path. Throws a Failure that says so;
 * otherwise commander would only say that something is missing.
 */
export function requirePaths(paths: string[], lab?: string | true): void {
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
            ? 'name files or folders of manifests'
            : `paths come before --lab: ${taken} --lab`,
      },
    ),
  );
}

/** Compiles manifests and shows every mistake; undefined when there is an error (exit 1). */
export async function loadCatalog(
  context: Context,
  paths: string[],
  lab?: string | true,
): Promise<Catalog | undefined> {
  requirePaths(paths, lab);
  const { files, cwd, platform } = context.io.host;
  const { catalog, diagnostics } = await compile(paths, { registry, files, cwd, platform });
  for (const [file, text] of catalog.sources) context.sources.set(file, text);
  context.report(diagnostics);
  return diagnostics.some(({ severity }) => severity === 'error') ? undefined : catalog;
}
