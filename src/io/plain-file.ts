import { constants, fstatSync, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import { codeOf } from './errors.ts';
import { type Folder, Refused } from './handles/folder.ts';
import { type Owned, whyNotOwn } from './handles/owner.ts';
import type { ReadOptions } from './ports.ts';
import { bytes } from './units.ts';

/** Windows knows neither. */
const { O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;

/** Bytes that one piece of reading takes. */
const piece = 1 << 20;

/**
 * What is open. Opening it has brought it into memory, so that the answer is there: a promise, and a thread
 * to wait for it, cost many times as much, and each file is looked at more than once.
 */
export const lookAt = ({ fd }: fs.FileHandle): Stats => fstatSync(fd);

/**
 * Opens a plain file, and nothing else: a pipe or a device could wait for ever, or do something. Nothing is
 * waited for to find that out, and no link is followed: those are ELOOP.
 * @throws Refused for what is not a plain file
 */
export async function openPlain(path: string, flags: number, mode?: number): Promise<fs.FileHandle> {
  const handle = await fs.open(path, flags | O_NOFOLLOW | O_NONBLOCK, mode).catch(error => {
    // A socket, or a pipe that nobody reads.
    if (codeOf(error) === 'ENXIO') throw notPlain();
    throw error;
  });
  try {
    const stat = lookAt(handle);
    if (stat.isFile()) return handle;
    throw stat.isDirectory() ? Object.assign(new Error('a directory'), { code: 'EISDIR' }) : notPlain();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * All of an open file, which need not know its size, as those of /proc don't. Bounded while it is read: a
 * file may grow meanwhile.
 * @throws Refused when there is more than `most`, or when it has to be `own` and others can change it
 */
export async function readWhole(
  handle: fs.FileHandle,
  folder: Folder,
  { most, own }: ReadOptions & { most: number },
): Promise<Buffer> {
  const stat = lookAt(handle);
  if (own) await refuseOthers(stat, folder);
  if (stat.size > most) throw tooLarge(stat.size, most);
  const pieces: Buffer[] = [];
  for (let done = 0; ; ) {
    // One byte more than it should have: where reading ends short, it has ended.
    const room = done < stat.size ? stat.size - done + 1 : piece;
    const into = Buffer.allocUnsafe(room);
    const { bytesRead } = await handle.read(into, 0, Math.min(room, 2 ** 30), done);
    if (bytesRead > 0) pieces.push(into.subarray(0, bytesRead));
    done += bytesRead;
    if (done > most) throw tooLarge(done, most);
    if (bytesRead === 0 || (stat.size > 0 && done === stat.size && bytesRead < room)) break;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

async function refuseOthers(file: Owned, folder: Folder): Promise<void> {
  const isSwappable = await folder.isShared();
  const why = whyNotOwn(file) ?? (isSwappable ? 'others can change the folder it is in' : undefined);
  if (why !== undefined)
    throw new Refused(why, 'find out who wrote it; remove it, or give it to whoever runs this');
}

const notPlain = (): Refused =>
  new Refused('it is not a plain file', 'name a file: pipes, sockets and devices are not read');

const tooLarge = (size: number, most: number): Refused =>
  new Refused(
    `it has ${bytes(size)}, and ${bytes(most)} are the most that is read`,
    'check that it is the file you mean',
  );
