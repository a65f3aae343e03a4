import { posix } from 'node:path';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { digestOfFile } from '../paths/digest-file.ts';
import { folded } from '../paths/entry-name.ts';
import type { Digests } from './unpack.ts';
import { below, type Unpacked } from './unpacked-files.ts';

/** @throws Failure (world) when something in the way is not what the archive has there */
export async function refuseInTheWay(
  id: Id,
  files: Iterable<string>,
  directories: string[],
  io: ReadIo,
): Promise<void> {
  const look = async (path: Id, wanted: 'file' | 'directory') => {
    const kind = (await io.files.stat(path))?.kind ?? wanted;
    if (kind === wanted) return;
    throw new Failure(
      world(
        'in-the-way',
        `${path} is left as it is: it is a ${kind}, and the archive has a ${wanted} there`,
        {
          hint: 'move it away, or unpack into another folder',
        },
      ),
    );
  };
  await look(id, 'directory');
  for (const path of directories) await look(below(id, path), 'directory');
  for (const path of files) await look(below(id, path), 'file');
}

/**
 * Makes `id` hold what was unpacked into `from`: in one step when there is nothing yet, else file by file,
 * and only those that differ, so that nobody who watches the folder is told about more than what changed.
 */
export async function moveIn(
  from: Id,
  { id, written }: { id: Id; written: string },
  digests: Digests,
  directories: string[],
  io: WriteIo,
): Promise<void> {
  if (!(await io.files.stat(id))) return io.files.rename(from, written);
  for (const path of directories) {
    if (!(await io.files.stat(below(id, path)))) await io.files.mkdir(below(id, path));
  }
  for (const [path, digest] of digests) {
    if ((await digestOfFile(io.files, below(id, path))) !== digest)
      await io.files.rename(below(from, path), below(id, path));
  }
}

/**
 * Removes files, and the directories that are empty then. What is behind a link is not what was unpacked:
 * whoever may write in the folder could have put the link there.
 */
export async function removeUnpacked(
  id: Id,
  { files, directories }: { files: Iterable<string>; directories: readonly string[] },
  io: WriteIo,
): Promise<void> {
  const real = new Map<string, Promise<boolean>>();
  const isReal = (directory: string): Promise<boolean> => {
    const known = real.get(directory) ?? lookAt(directory);
    real.set(directory, known);
    return known;
  };
  const lookAt = async (directory: string): Promise<boolean> => {
    if (directory !== '.' && !(await isReal(posix.dirname(directory)))) return false;
    return (await io.files.stat(directory === '.' ? id : below(id, directory)))?.kind === 'directory';
  };
  for (const path of files) {
    if (!(await isReal(posix.dirname(path)))) continue;
    if ((await io.files.stat(below(id, path)))?.kind === 'file') await io.files.remove(below(id, path));
  }
  for (const path of [...directories].sort().reverse())
    if (await isReal(path)) await removeEmpty(below(id, path), io);
}

export async function removeEmpty(path: Id, io: WriteIo): Promise<void> {
  if ((await io.files.list(path))?.length === 0) await io.files.remove(path);
}

/** What of an earlier archive the new one does not have. */
export function leftBehind(
  old: Unpacked | undefined,
  digests: Digests,
  directories: readonly string[],
  io: ReadIo,
) {
  const name = (path: string) => (io.platform === 'win32' ? folded(path) : path);
  const files = new Set([...digests.keys()].map(name));
  const kept = new Set(directories.map(name));
  return {
    files: Object.keys(old?.files ?? {}).filter(path => !files.has(name(path))),
    directories: (old?.directories ?? []).filter(path => !kept.has(name(path))),
  };
}

/** Beside the folder, so that moving is renaming; a path that nobody can guess. */
export const besides = async (id: Id, io: WriteIo): Promise<Id> =>
  posix.join(posix.dirname(id), await io.files.temporaryName());
