import { join } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { CompileOptions } from './compile.ts';
import { findModules, type Modules } from './modules/module.ts';
import { foldersAround } from './syntax/find-files.ts';
import { secretNames } from './syntax/secret-names.ts';

/** The modules that manifests at these paths could use. */
export async function knownModules(
  paths: string[],
  {
    registry,
    files,
    cwd,
    shippedModules,
  }: Pick<CompileOptions, 'registry' | 'files' | 'cwd' | 'shippedModules'>,
  report: (diagnostic: Diagnostic) => void,
): Promise<Modules> {
  const folders = await foldersAround(paths, files, cwd);
  return findModules(
    [
      ...folders.map(folder => join(folder, 'modules')),
      ...(shippedModules === undefined ? [] : [shippedModules]),
    ],
    {
      registry,
      files,
      cwd,
      namesSecret: secretNames(registry),
      prepare: async () => {},
      sources: new Map(),
      report,
    },
  );
}
