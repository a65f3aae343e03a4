import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { codeOf } from './code-of.ts';
import { handleFolder } from './folders-by-handle.ts';

/**
 * Removes what is at `path`, whose folder was reached safely, and all that is in it. Each folder is emptied
 * by handle: one that is swapped for a link meanwhile leads nowhere. Node's own removal goes by path.
 */
export async function removeTree(path: string): Promise<void> {
  if (!path.startsWith(`${handleFolder}/`)) return fs.rm(path, { recursive: true, force: true });
  try {
    return await fs.unlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    // Linux says EISDIR of a folder, others what POSIX says.
    if (codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EPERM') throw error;
  }
  await emptied(path);
  await fs.rmdir(path).catch(ignoring('ENOENT'));
}

async function emptied(path: string): Promise<void> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  let folder: fs.FileHandle;
  try {
    folder = await fs.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    return ignoring('ENOENT')(error);
  }
  try {
    const at = `${handleFolder}/${folder.fd}`;
    for (const name of await fs.readdir(at)) await removeTree(`${at}/${name}`);
  } finally {
    await folder.close();
  }
}

const ignoring =
  (code: string) =>
  (error: unknown): void => {
    if (codeOf(error) !== code) throw error;
  };
