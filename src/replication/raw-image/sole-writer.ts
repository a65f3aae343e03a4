import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { FileHandle, FileStat } from '../../io/ports.ts';

/** A file that nobody but its owner may change. */
export interface SoleWriter extends Pick<FileHandle, 'read' | 'writev' | 'truncate'> {
  /** @throws Failure `image-touched` unless `stat` shows the file as the last change of ours left it */
  expectUntouched(stat: FileStat | undefined): void;
}

/**
 * Writes to `file` for as long as all its changes are ours: before each of them its times have to be
 * those that the last one left. A change within the clock tick of one of ours can't be told from it.
 *
 * @param before how the file was when it was decided what to write; undefined when it is new
 */
export async function soleWriter(
  file: FileHandle,
  path: string,
  before: FileStat | undefined,
): Promise<SoleWriter> {
  let last = before ?? (await file.stat());
  const expectUntouched = (stat: FileStat | undefined) => {
    if (!stat || !isSame(last, stat)) throw touched(path);
  };
  const change = async (make: () => Promise<void>) => {
    expectUntouched(await file.stat());
    await make();
    last = await file.stat();
  };
  return {
    read: (into, offset) => file.read(into, offset),
    writev: (pieces, offset) => change(() => file.writev(pieces, offset)),
    truncate: size => change(() => file.truncate(size)),
    expectUntouched,
  };
}

const isSame = (a: FileStat, b: FileStat): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;

const touched = (path: string): Failure =>
  new Failure(
    world('image-touched', `somebody else changed or removed ${path} while it was updated`, {
      hint: 'let nothing write to it; the next run compares all of it and mends it',
    }),
  );
