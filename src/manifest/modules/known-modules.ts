import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { CompileOptions } from '../compile.ts';
import { secretNames } from '../expressions/secret-names.ts';
import { foldersAround } from '../read/find-files.ts';
import { findModules, type Modules } from './module.ts';

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
