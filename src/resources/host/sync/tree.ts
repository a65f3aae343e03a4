import type { Id } from '../../../engine/model/resource-type.ts';
import { isTemporaryName } from '../../../io/handles/temporary.ts';
import type { FileStat, ReadFiles } from '../../../io/ports.ts';
import { below } from '../archive/unpacked-files.ts';

/**
 * Files below a folder by relative path, but what a killed run left. Links are not followed, and are not
 * files.
 */
export async function filesBelow(files: ReadFiles, folder: Id, path = ''): Promise<Map<string, FileStat>> {
  const found = new Map<string, FileStat>();
  const at = path === '' ? folder : below(folder, path);
  for (const name of (await files.list(at)) ?? []) {
    const relative = path === '' ? name : `${path}/${name}`;
    const stat = await files.stat(below(folder, relative));
    if (stat?.kind === 'file' && !isTemporaryName(name)) found.set(relative, stat);
    if (stat?.kind !== 'directory') continue;
    for (const [inside, its] of await filesBelow(files, folder, relative)) found.set(inside, its);
  }
  return found;
}
