import { type BigIntStats, constants, existsSync, fstatSync, lstat } from 'node:fs';
import fs from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, fileFailure } from './errors.ts';
import { type Folder, type Folders, mostLinks, Refused } from './handles/folder.ts';
import { foldersByHandle, handleFolder, O_PATH } from './handles/folders-by-handle.ts';
import { foldersByPath } from './handles/folders-by-path.ts';
import { removeTree } from './handles/remove-tree.ts';
import { renameOver } from './handles/rename-over.ts';
import { syncFolder } from './handles/sync-folder.ts';
import { isTemporaryName, sweep, temporaryName } from './handles/temporary.ts';
import { type Between, writeAtomic } from './handles/write-atomic.ts';
import { lookAt, openPlain, readWhole } from './plain-file.ts';
import type { FileHandle, FileStat, Files, ReadOptions } from './ports.ts';

/** Bytes that `read` takes unless it is told more: what is read whole is held whole. */
const mostRead = 64 * 2 ** 20;

const byHandle = process.platform === 'linux' && existsSync(handleFolder);

/** That of `fs/promises` makes an array for each answer, and a stack for each name that isn't there. */
const statAt = promisify(lstat);

/** The machine's own files. Failures name the path and what was tried. */
export const nodeFiles: Files = filesIn(byHandle ? foldersByHandle() : foldersByPath());

/** Files of folders that are reached in this way. */
export function filesIn(folders: Folders, between?: Between): Files {
  const swept = new Set<string>();

  /** Works on the name `path` itself, in the folder that it was found in. */
  const at = <T>(path: string, work: (entry: string, folder: Folder) => Promise<T>): Promise<T> =>
    folders.within(dirname(path), async folder => {
      if (between) await between('reached', path);
      return work(`${folder.at}/${basename(path) || '.'}`, folder);
    });

  /** Works on what `path` leads to: `work` answers ELOOP where that is a link. */
  async function through<T>(path: string, work: (entry: string, folder: Folder) => Promise<T>): Promise<T> {
    const go = async (folder: Folder, name: string, shown: string, links: number): Promise<T> => {
      try {
        return await work(`${folder.at}/${name}`, folder);
      } catch (error) {
        if (codeOf(error) !== 'ELOOP' || links === 0) throw error;
        const found = await folders.followed(folder, name, shown, (next, last) =>
          go(next, last, shown, links - 1),
        );
        if (found === undefined) throw error;
        return found.result;
      }
    };
    return folders.within(dirname(path), async folder => {
      if (between) await between('reached', path);
      return go(folder, basename(path) || '.', path, mostLinks);
    });
  }

  /** Leftovers of killed processes are looked for where something new is made, once for each folder. */
  async function sweepOnce(path: string, folder: Folder): Promise<void> {
    const name = dirname(path);
    if (swept.has(name)) return;
    swept.add(name);
    await sweep(folder);
  }

  async function makeDirectory(path: string, mode: number | undefined, recursive: boolean): Promise<void> {
    const make = () =>
      at(path, async (entry, folder) => {
        if (isTemporaryName(basename(path))) await sweepOnce(path, folder);
        await fs.mkdir(entry, mode);
      });
    if (!recursive) return make();
    const madeOrThere = async () => {
      try {
        await make();
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        await folders.within(path, async () => {});
      }
    };
    try {
      await madeOrThere();
    } catch (error) {
      // Node's own recursive mkdir never ends below a file system that refuses new names, such as /proc.
      if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
      await makeDirectory(dirname(path), mode, true);
      await madeOrThere();
    }
  }

  return {
    read: (path, { most = mostRead, ...options }: ReadOptions = {}) =>
      orMissing('read', path, () =>
        through(path, async (entry, folder) => {
          const handle = await openPlain(entry, constants.O_RDONLY);
          try {
            return await readWhole(handle, folder, { most, ...options });
          } finally {
            await handle.close();
          }
        }),
      ),
    list: path => orMissing('list', path, () => folders.within(path, folder => fs.readdir(folder.at))),
    readlink: path => orMissing('read the link', path, () => at(path, entry => fs.readlink(entry))),
    stat: path =>
      orMissing('look at', path, () =>
        at(path, async entry => statOf(await statAt(entry, { bigint: true }))),
      ),
    open: async (path: string, how: 'r' | 'r+' | 'create-new', options?: { mode?: number }) => {
      if (how === 'create-new')
        return tried('create', path, () =>
          at(path, async (entry, folder) => {
            if (isTemporaryName(basename(path))) await sweepOnce(path, folder);
            return handleOf(path, await fs.open(entry, 'wx+', options?.mode));
          }),
        );
      const flags = how === 'r' ? constants.O_RDONLY : constants.O_RDWR;
      return orMissing('open', path, () =>
        through(path, async (entry, folder) => {
          const handle = await openPlain(entry, flags);
          try {
            if (how === 'r+') await refuseSecondName(handle, folder);
            return handleOf(path, handle);
          } catch (error) {
            await handle.close();
            throw error;
          }
        }),
      );
    },
    writeAtomic: (path, content, options = {}) =>
      tried('write', path, () =>
        at(path, async (_, folder) => {
          await sweepOnce(path, folder);
          await writeAtomic(folder, basename(path), content, options, () => between?.('written', path));
        }),
      ),
    temporaryName,
    chmod: (path, mode) => tried('change the mode of', path, () => through(path, changeMode(mode))),
    mkdir: (path, options) =>
      tried('make the directory', path, () =>
        makeDirectory(path, options?.mode, options?.recursive === true),
      ),
    rename: (from, to) =>
      tried('rename to', to, () => at(from, source => at(to, target => renameOver(source, target)))),
    link: (from, to) =>
      tried('make', to, () =>
        at(from, source =>
          at(to, async target => {
            try {
              await fs.link(source, target);
              return true;
            } catch (error) {
              if (codeOf(error) === 'EEXIST') return false;
              throw error;
            }
          }),
        ),
      ),
    syncFolder: path => tried('flush', path, () => folders.within(path, syncFolder)),
    remove: (path, options) =>
      tried('remove', path, async () => {
        await orMissing('remove', path, () =>
          at(path, entry => (options?.recursive ? removeTree(entry) : removeOne(entry))),
        );
      }),
    freeSpace: path => tried('measure the free space of', path, () => freeSpace(path)),
  };

  async function freeSpace(path: string): Promise<number> {
    for (let above = path; ; above = dirname(above)) {
      try {
        const { bavail, bsize } = await folders.within(above, folder => fs.statfs(folder.at));
        return bavail * bsize;
      } catch (error) {
        if (!isMissing(error) || dirname(above) === above) throw error;
      }
    }
  }
}

async function removeOne(entry: string): Promise<void> {
  const stat = await fs.lstat(entry);
  await (stat.isDirectory() ? fs.rmdir(entry) : fs.unlink(entry));
}

/**
 * Changes the mode of the very thing that was looked at. On Linux the handle opens nothing, so that it needs
 * no right to read; elsewhere reading is what a handle takes.
 */
const changeMode =
  (mode: number) =>
  async (entry: string, folder: Folder): Promise<void> => {
    if (process.platform === 'win32') return fs.chmod(entry, mode);
    const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
    const handle = await fs.open(entry, (byHandle ? O_PATH : O_RDONLY | O_NONBLOCK) | O_NOFOLLOW);
    try {
      const stat = lookAt(handle);
      if (stat.isSymbolicLink()) throw Object.assign(new Error('a link'), { code: 'ELOOP' });
      if (!stat.isFile() && !stat.isDirectory()) throw new Refused('it is neither file nor directory');
      if (stat.isFile()) await refuseSecondName(handle, folder);
      await (byHandle ? fs.chmod(`${handleFolder}/${handle.fd}`, mode) : handle.chmod(mode));
    } finally {
      await handle.close();
    }
  };

/**
 * Others may have given a file of root's a second name in a folder of theirs: what is done to it hits the
 * first.
 */
async function refuseSecondName(handle: fs.FileHandle, folder: Folder): Promise<void> {
  if (process.geteuid?.() !== 0 || lookAt(handle).nlink === 1 || !(await folder.isShared())) return;
  throw new Refused(
    'it has a second name, and others can change its folder: it may be another file than it seems',
    'remove it, or take the folder from the others',
  );
}

function handleOf(path: string, handle: fs.FileHandle): FileHandle {
  return {
    read: (into, offset) =>
      tried('read', path, async () => (await handle.read(into, 0, into.length, offset)).bytesRead),
    write: (bytes, offset) => tried('write', path, () => writeAll(handle, bytes, offset)),
    writev: (pieces, offset) => tried('write', path, () => writePieces(handle, pieces, offset)),
    truncate: size => tried('resize', path, () => handle.truncate(size)),
    sync: () => tried('flush', path, () => handle.sync()),
    chmod: mode => tried('change the mode of', path, () => handle.chmod(mode)),
    stat: () => tried('look at', path, async () => statOf(fstatSync(handle.fd, { bigint: true }))),
    close: () => handle.close(),
  };
}

/** A write may take less than it was given, as on a disk that is nearly full. */
async function writeAll(handle: fs.FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
  }
}

/** Pieces that one call may be given: IOV_MAX of Linux. */
const mostPieces = 1024;

async function writePieces(handle: fs.FileHandle, pieces: readonly Buffer[], offset: number): Promise<void> {
  let at = offset;
  for (let first = 0; first < pieces.length; first += mostPieces) {
    const some = pieces.slice(first, first + mostPieces);
    let { bytesWritten } = await handle.writev(some, at);
    // It may take less than it was given.
    for (const piece of some) {
      const taken = Math.min(bytesWritten, piece.length);
      bytesWritten -= taken;
      if (taken < piece.length) await writeAll(handle, piece.subarray(taken), at + taken);
      at += piece.length;
    }
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
