import type { Stats } from 'node:fs';
import fs from 'node:fs/promises';
import { type Folder, Refused } from './folder.ts';
import { isForeign } from './owner.ts';
import { renameOver } from './rename-over.ts';
import { syncFolder } from './sync-folder.ts';
import { temporaryName } from './temporary.ts';

export interface WriteOptions {
  /** Permission bits. When left out, those of what it replaces, as far as that is root's or the runner's. */
  mode?: number;
  /**
   * For nobody but whoever runs this: 0600 without a `mode`, owned by the runner, and a Failure where another
   * user's file is.
   */
  private?: true;
  /** Zeros are left out, as holes, where the file system has such. */
  holes?: true;
}

/** Called between the look at what is there and its use; a test swaps things there. */
export type Between = (moment: 'reached' | 'written', path: string) => void | Promise<void>;

/**
 * New content under `name`, whole or not at all: a temporary file of a name that nobody can guess, flushed,
 * and renamed. Nobody else reads it before it has its last owner and mode:
 * - `private`: it is the runner's alone, 0600 unless a mode is given, and never takes a foreign file's place;
 * - else it keeps owner and group of what it replaces where that is allowed, and the mode where that was
 *   root's or the runner's. A mode that another user chose may only narrow what a new file has. Never setuid,
 *   setgid or sticky.
 */
export async function writeAtomic(
  folder: Folder,
  name: string,
  content: Buffer | AsyncIterable<Buffer>,
  { mode, private: isPrivate, holes }: WriteOptions,
  between: () => void | Promise<void>,
): Promise<void> {
  const path = `${folder.at}/${name}`;
  const wanted = isPrivate ? (mode ?? 0o600) : mode;
  const replaced = await whatIsThere(path);
  if (await isNoPlace(path)) throw noPlace();
  if (isPrivate && replaced && isForeign(replaced.uid)) throw foreignOwner(replaced);
  const temporary = `${folder.at}/${await temporaryName()}`;
  try {
    const handle = await fs.open(temporary, 'wx', modeAtFirst(replaced, wanted));
    try {
      await (holes ? writeSparse(handle, content) : writeAll(handle, content));
      if (replaced && !isPrivate) await keepOwner(handle, replaced);
      // After chown, which clears setuid.
      const last = lastMode(replaced, wanted);
      if (last !== undefined) await handle.chmod(last);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await between();
    await renameOver(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

const modeAtFirst = (replaced: Stats | undefined, mode: number | undefined): number => {
  if (mode !== undefined) return mode & 0o600;
  if (replaced === undefined) return 0o666;
  return isForeign(replaced.uid) ? replaced.mode & 0o666 : replaced.mode & 0o600;
};

const lastMode = (replaced: Stats | undefined, mode: number | undefined): number | undefined =>
  mode ?? (replaced === undefined || isForeign(replaced.uid) ? undefined : replaced.mode & 0o777);

/** Only root gives files away; anybody else may replace a file in a folder of theirs. */
async function keepOwner(handle: fs.FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await handle.stat();
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid).catch(() => {});
}

async function writeAll(handle: fs.FileHandle, content: Buffer | AsyncIterable<Buffer>): Promise<void> {
  // A user’s own type may give any bytes.
  if (ArrayBuffer.isView(content)) return handle.writeFile(content);
  for await (const chunk of content) await handle.writeFile(chunk);
}

const hole = Buffer.alloc(64 * 1024);

async function writeSparse(handle: fs.FileHandle, content: Buffer | AsyncIterable<Buffer>): Promise<void> {
  let end = 0;
  for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
    for (let from = 0; from < chunk.length; ) {
      const isHole = isZeros(chunk, from);
      let to = from;
      while (to < chunk.length && isZeros(chunk, to) === isHole)
        to = Math.min(to + hole.length, chunk.length);
      if (!isHole) await writeFully(handle, chunk.subarray(from, to), end + from);
      from = to;
    }
    end += chunk.length;
  }
  await handle.truncate(end);
}

function isZeros(chunk: Buffer, from: number): boolean {
  const to = Math.min(from + hole.length, chunk.length);
  return chunk.compare(hole, 0, to - from, from, to) === 0;
}

async function writeFully(handle: fs.FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/** What the new file replaces; a link is replaced itself, and what it leads to is nobody's business. */
async function whatIsThere(path: string): Promise<Stats | undefined> {
  const found = await fs.lstat(path).catch(() => undefined);
  return found?.isFile() ? found : undefined;
}

/**
 * A device, pipe or socket, or a link to one (`/dev/stdout`): a rename would put a plain file in its place,
 * on a machine whose root it is for everybody.
 */
async function isNoPlace(path: string): Promise<boolean> {
  const [itself, behind, link] = await Promise.all([
    fs.lstat(path).catch(() => undefined),
    fs.stat(path).catch(() => undefined),
    fs.readlink(path).catch(() => ''),
  ]);
  const isPlain = (found: Stats | undefined) =>
    !found || found.isFile() || found.isDirectory() || found.isSymbolicLink();
  return !isPlain(itself) || !isPlain(behind) || link.startsWith('/proc/');
}

const foreignOwner = ({ uid }: Stats): Refused =>
  new Refused(
    `what is there belongs to another user (uid ${uid}), and what goes there is for nobody else`,
    'remove it, or give it to root: chown root',
  );

const noPlace = (): Refused =>
  new Refused(
    'what is there is a device, a pipe or a socket, or leads to one, and would be replaced by a file',
    'name a plain file, or one that is not there yet',
  );
