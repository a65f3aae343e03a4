import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { knownModules } from '../../manifest/known-modules.ts';
import { manifestSchema } from '../../manifest/language-schema.ts';
import { shippedModules } from './load-catalog.ts';

/**
 * The schema that editors check manifests by, with the modules that are shipped and those that manifests at
 * `paths` could use. Throws a Failure when one of them has a mistake.
 */
export async function editorSchema(
  registry: Registry,
  paths: string[],
  { files, cwd }: { files: ReadFiles; cwd: string },
): Promise<object> {
  const mistakes: Diagnostic[] = [];
  const options = { registry, files, cwd, shippedModules };
  const known = await knownModules(paths, options, mistake => mistakes.push(mistake));
  const loaded = await Promise.all(known.names.map(name => known.load(name)));
  if (mistakes.length > 0) throw new Failure(mistakes);
  const modules = loaded.filter(module => module !== undefined && module !== 'broken');
  return manifestSchema(registry, modules);
}
