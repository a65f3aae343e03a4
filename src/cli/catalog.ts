import type { Catalog } from '../engine/catalog.ts';
import { compile } from '../manifest/compile.ts';
import { registry } from '../resources/registry.ts';
import type { Context } from './context.ts';

/** Compiles manifests and shows every mistake; undefined when there is an error (exit 1). */
export async function loadCatalog(context: Context, paths: string[]): Promise<Catalog | undefined> {
  const { files, cwd, platform } = context.io.host;
  const { catalog, diagnostics } = await compile(paths, { registry, files, cwd, platform });
  for (const [file, text] of catalog.sources) context.sources.set(file, text);
  context.report(diagnostics);
  return diagnostics.some(({ severity }) => severity === 'error') ? undefined : catalog;
}
