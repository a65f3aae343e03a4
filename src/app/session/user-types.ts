import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { AnyResourceType } from '../../engine/model/resource-type.ts';
import { thrownAt, typeBug } from '../../engine/model/type-bug.ts';
import { foldersAround } from '../../manifest/syntax/find-files.ts';
import { findTypes } from '../../manifest/types/find-types.ts';
import { registry } from '../../resources/registry.ts';
import type { Context } from '../app-context.ts';
import type { ContentFiles } from '../options.ts';

/**
 * Loads the types that are beside the manifests into `context.registry`, which runs their code. With none
 * there, nothing is loaded for it. Mistakes are returned, for showing them with those of the manifests.
 */
export async function loadUserTypes(
  context: Context,
  paths: string[],
  { files, cwd }: ContentFiles = context.io.host,
): Promise<{ diagnostics: Diagnostic[]; unusable: ReadonlySet<string> }> {
  const { clock } = context.io.host;
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const sources = await findTypes(await foldersAround(paths, files, cwd), files, cwd, report);
  for (const { file, text } of sources) context.sources.set(file, text);
  if (sources.length === 0) return { diagnostics, unusable: new Set() };
  const { loadTypes } = await import('../../manifest/types/load-types.ts');
  const loaded = await loadTypes(sources, registry, clock, report);
  context.registry = loaded.registry;
  const own = [...loaded.registry.types.values()].filter(({ origin }) => origin);
  context.io.strays?.(error => {
    context.strays.push(error);
    context.reporter.diagnostics([strayOf(error, own)]);
  });
  return { diagnostics, unusable: loaded.unusable };
}

/** The same for commands that only ask about types. Throws a Failure with the mistakes. */
export async function requireUserTypes(context: Context, paths: string[]): Promise<void> {
  const { diagnostics } = await loadUserTypes(context, paths);
  if (diagnostics.length > 0) throw new Failure(diagnostics);
}

/**
 * A promise that a type forgot to wait for, a timer that throws: seldom does the error tell which type it
 * was.
 */
function strayOf(error: unknown, types: readonly AnyResourceType[]): Diagnostic {
  const thrower = types.find(({ origin }) => thrownAt(error, origin!.file));
  const [only = thrower] = types.length === 1 ? types : [];
  const what = `an error that nobody waited for: ${error instanceof Error ? error.message : String(error)}`;
  if (only) return typeBug(only, what, error);
  const files = types.map(({ origin }) => origin!.file).join(', ');
  return world('type-bug', `one of the types in ${files} is faulty: ${what}`, {
    hint: 'look for a promise without `await`',
  });
}
