import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { displayName, readTextFile } from '../syntax/find-files.ts';

/** The text of a user's own type. What is loaded is this text and nothing else of the file system. */
export interface TypeSource {
  /** The file's name without its ending: that of the type. */
  name: string;
  /** As shown in messages. */
  file: string;
  text: string;
}

/**
 * Reads `types/NAME.ts` (`.mts`, `.js`, `.mjs`) of the folders in sorted order, all through `files`: where
 * these hold verified content, so do the types. Runs nothing. Files with another dot in their name are left
 * out.
 */
export async function findTypes(
  folders: string[],
  files: ReadFiles,
  cwd: string,
  report: (diagnostic: Diagnostic) => void,
): Promise<TypeSource[]> {
  const found: TypeSource[] = [];
  for (const folder of new Set(folders)) {
    const types = join(folder, 'types');
    const names = (await files.list(types).catch(() => undefined)) ?? [];
    for (const entry of [...names].sort()) {
      const name = /^([^.]+)\.m?[jt]s$/.exec(entry)?.[1];
      const path = join(types, entry);
      if (name === undefined || (await files.stat(path))?.kind === 'directory') continue;
      const file = displayName(path, cwd);
      const text = await readTextFile(path, file, files, report);
      if (text !== undefined) found.push({ name, file, text });
    }
  }
  return found;
}
