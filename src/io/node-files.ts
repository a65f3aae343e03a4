import { randomUUID } from 'node:crypto';
import { type BigIntStats, constants, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, fileFailure } from './errors.ts';
import type { FileHandle, FileStat, Files } from './ports.ts';
import { renameOver } from './rename-over.ts';

/** The machine's own files. Failures name the path and what was tried. */
export const nodeFiles: Files = {
  read: path => orMissing('read', path, () => fs.readFile(path)),
  list: path => orMissing('list', path, () => fs.readdir(path)),
  readlink: path => orMissing('read the link', path, () => fs.readlink(path)),
  stat: path => orMissing('look at', path, async () => statOf(await fs.lstat(path, { bigint: true }))),
  open: async (path: string, mode: 'r' | 'r+' | 'create-new') => {
    const open = async () => handleOf(path, await fs.open(path, mode === 'create-new' ? 'wx+' : mode));
    return mode === 'create-new' ? tried('create', path, open) : orMissing('open', path, open);
  },
  writeAtomic: (path, bytes, options) => tried('write', path, () => writeAtomic(path, bytes, options?.mode)),
  chmod: (path, mode) => tried('change the mode of', path, () => fs.chmod(path, mode)),
  mkdir: async (path, options) =>
    tried('make the directory', path, () =>
      options?.recursive ? makeDirectories(path, options.mode) : fs.mkdir(path, options).then(() => {}),
    ),
  rename: (from, to) => tried('rename to', to, () => renameOver(from, to)),
  remove: (path, options) => tried('remove', path, () => remove(path, options?.recursive === true)),
  freeSpace: path => tried('measure the free space of', path, () => freeSpace(path)),
};

async function writeAtomic(path: string, bytes: Buffer, mode?: number): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  const replaced = await whatIsThere(path);
  const kept = mode ?? (replaced && replaced.mode & 0o7777);
  try {
    // Nobody else reads the content before it has its final owner and mode.
    const handle = await fs.open(temporary, 'wx', kept === undefined ? 0o666 : kept & 0o600);
    try {
      await handle.writeFile(bytes);
      const isOwnersStill = replaced === undefined || (await keepOwner(handle, replaced));
      // After chown, which clears setuid; setuid of one owner must not become that of another.
      if (kept !== undefined) await handle.chmod(isOwnersStill ? kept : kept & ~0o6000);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameOver(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** A rename is durable only when its directory is; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether the new file belongs to the owner and group of the one it replaces. */
async function keepOwner(handle: fs.FileHandle, { uid, gid }: Stats): Promise<boolean> {
  const own = await handle.stat();
  if (own.uid === uid && own.gid === gid) return true;
  try {
    await handle.chown(uid, gid);
    return true;
  } catch {
    // Only root gives files away; anybody else may replace a file in a directory of theirs.
    return false;
  }
}

async function whatIsThere(path: string): Promise<Stats | undefined> {
  try {
    return await fs.stat(path);
  } catch {
    return undefined;
  }
}

async function remove(path: string, recursive: boolean): Promise<void> {
  if (recursive) return fs.rm(path, { recursive: true, force: true });
  try {
    const stat = await fs.lstat(path);
    await (stat.isDirectory() ? fs.rmdir(path) : fs.unlink(path));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function freeSpace(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await fs.statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (!isMissing(error) || dirname(at) === at) throw error;
    }
  }
}

function handleOf(path: string, handle: fs.FileHandle): FileHandle {
  return {
    read: (into, offset) =>
      tried('read', path, async () => (await handle.read(into, 0, into.length, offset)).bytesRead),
    write: (bytes, offset) => tried('write', path, () => writeAll(handle, bytes, offset)),
    truncate: size => tried('resize', path, () => handle.truncate(size)),
    sync: () => tried('flush', path, () => handle.sync()),
    stat: () => tried('look at', path, async () => statOf(await handle.stat({ bigint: true }))),
    close: () => handle.close(),
  };
}

/** A write may take less than it was given, as on a disk that is nearly full. */
async function writeAll(handle: fs.FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
  }
}

function statOf(stat: BigIntStats): FileStat {
  const kind = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'symlink'
        : 'other';
  return {
    kind,
    size: Number(stat.size),
    mode: process.platform === 'win32' ? 0 : Number(stat.mode) & 0o7777,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    inode: stat.ino,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

async function tried<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFailure(error, verb, path);
  }
}

async function orMissing<T>(verb: string, path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileFailure(error, verb, path);
  }
}

/** Node's own recursive mkdir never ends below a file system that refuses new names, such as /proc. */
async function makeDirectories(path: string, mode: number | undefined): Promise<void> {
  const make = async () => {
    try {
      await fs.mkdir(path, mode);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !(await fs.stat(path)).isDirectory()) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectories(dirname(path), mode);
    await make();
  }
}
