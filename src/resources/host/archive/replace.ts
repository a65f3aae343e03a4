import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { bytes } from '../../../io/units.ts';
import { ancestors } from '../paths/path.ts';
import { besides, leftBehind, moveIn, refuseInTheWay, removeUnpacked } from './move-in.ts';
import { type Digests, directoriesOf, unpack } from './unpack.ts';
import { below, rememberUnpacked, type Unpacked, type UnpackedFile, unpackedInto } from './unpacked-files.ts';
import { openZip } from './zip.ts';

export interface Replacement {
  /** The directory, and how it is spelled when it is made. */
  id: Id;
  written: string;
  /** The zip file. */
  path: Id;
  /** The archive, for messages. */
  what: string;
  /** Bytes. */
  limit: number;
  /** Whether to remove what an earlier archive had and this one has not. */
  purge: boolean;
}

/** Makes a directory hold what is in a zip file, and remembers what that was. Returns the number of files. */
export async function replace(
  { id, written, path, what, limit, purge }: Replacement,
  known: Omit<Unpacked, 'files' | 'directories'>,
  io: WriteIo,
): Promise<number> {
  const old = unpackedInto(id, io.memory);
  const zip = await openZip(io.files, path, what, limit);
  const temporary = await besides(id, io);
  try {
    const files = zip.entries.flatMap(entry => (entry.directory ? [] : [entry.path]));
    const directories = directoriesOf(zip.entries);
    await refuseInTheWay(id, files, directories, io);
    await refuseFull(
      id,
      zip.entries.reduce((sum, { size }) => sum + size, 0),
      what,
      io,
    );
    await io.step(`unpack beside ${id}`);
    const digests = await unpack(zip, temporary, what, io);
    await io.step(`remember what comes into ${id}`);
    const { digest: _, ...onTheWay } = known;
    // Before the first file moves: after a kill it has to be known what may be there.
    const both: Unpacked = {
      ...onTheWay,
      files: { ...old?.files, ...(await recorded(temporary, digests, io)) },
      directories: [...new Set([...(old?.directories ?? []), ...directories])],
    };
    await rememberUnpacked(id, both, io.memory);
    await io.step(`move into ${id}`);
    await moveIn(temporary, { id, written }, digests, directories, io);
    if (purge) await removeUnpacked(id, leftBehind(old, digests, directories, io), io);
    await io.step(`remember what is in ${id}`);
    const unpacked: Unpacked = { ...known, files: await recorded(id, digests, io), directories };
    await rememberUnpacked(id, unpacked, io.memory);
    return digests.size;
  } finally {
    await zip.close();
    await io.files.remove(temporary, { recursive: true });
  }
}

async function recorded(folder: Id, digests: Digests, io: WriteIo): Promise<Unpacked['files']> {
  const files: [string, UnpackedFile][] = [];
  for (const [path, digest] of digests) {
    const stat = await io.files.stat(below(folder, path));
    files.push([path, { size: stat?.size ?? 0, mtime: String(stat?.mtimeNs), digest }]);
  }
  return Object.fromEntries(files);
}

async function refuseFull(id: Id, needed: number, what: string, io: WriteIo): Promise<void> {
  const free = await io.files.freeSpace(ancestors(id)[0]!);
  if (needed <= free) return;
  throw new Failure(
    world(
      'disk-full',
      `the archive ${what} needs ${bytes(needed)} beside ${id}, and ${bytes(free)} are free`,
      {
        hint: 'make room; nothing was written',
      },
    ),
  );
}
