import { hash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blocked, Failure, failedWith, given } from '../../diagnostics/diagnostic.ts';
import { isFull } from '../../io/errors.ts';
import { ownId, type ProcessTable, processTable } from '../../io/handles/process-table.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { FileHandle, FileStat, Files, Host } from '../../io/ports.ts';
import { CONFIG } from '../format/names.ts';
import { damaged } from '../model/damage.ts';
import { pipelined } from '../model/pipelined.ts';
import type { ObjectStore, StoredObject } from '../model/store.ts';
import { staying } from './staying.ts';
import { isForsaken, isUnfinished, unfinishedName } from './unfinished.ts';

/** Objects up to this many bytes are compared by content; larger ones are never replaced. */
const HASHED = 2 ** 20;

/** Age in milliseconds at which an unfinished write is surely nobody's any more. */
const FORSAKEN = 24 * 3_600_000;

/** Milliseconds to wait for another process that is replacing the same object. */
const PATIENCE = 30_000;
/** Names of a folder that are looked at together. */
const LOOKS = 64;

type StoreHost = Pick<Host, 'clock' | 'files' | 'random'>;

/**
 * Objects as files below `dir`, which is made when the first one is put. File names are the keys, so
 * that a repository can be copied between a directory and a bucket by any tool. Names that begin with
 * a tilde are ours and never listed: `~put-*` are unfinished writes, `~lock-*` guards of a replacement. All
 * that is made here is for whoever runs this alone. Where the file system is full, what dead writers of this
 * machine left is removed, and the write is made once more. A repository whose file system goes away is not
 * begun anew in the empty folder.
 */
export function fileStore(dir: string, host: StoreHost, table: ProcessTable = processTable): ObjectStore {
  const root = resolve(dir);
  const { files } = host;
  const pathOf = (key: string) => {
    const parts = key.split('/');
    if (!parts.every(part => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part)))
      throw new Failure(given('bad-object-name', `${JSON.stringify(key)} is not an object name`));
    return join(root, ...parts);
  };
  const swept = new Set<string>();
  /**
   * Removes what killed writers left, once per folder. Best effort: leftovers cost space and nothing else.
   */
  const sweep = async (folder: string, now: bigint) => {
    if (swept.has(folder)) return;
    swept.add(folder);
    for (const name of ((await files.list(folder)) ?? []).filter(isUnfinished)) {
      const path = join(folder, name);
      const age = Number(now - ((await files.stat(path))?.mtimeNs ?? now)) / 1e6;
      if (age > FORSAKEN) await files.remove(path).catch(() => {});
    }
  };
  /** What writers of this machine left that are gone, whatever its age. False: nothing was. */
  const sweepDead = async (folder: string): Promise<boolean> => {
    let found = false;
    for (const name of (await files.list(folder)) ?? []) {
      const path = join(folder, name);
      if (isUnfinished(name)) {
        if (!(await isForsaken(name, table))) continue;
        await files.remove(path).catch(() => {});
        found = true;
      } else if (!name.startsWith('~') && (await files.stat(path))?.kind === 'directory')
        found = (await sweepDead(path)) || found;
    }
    return found;
  };
  const written = async (path: string, bytes: Buffer): Promise<FileStat> => {
    try {
      return await writeSynced(files, path, bytes);
    } catch (error) {
      if (!isFull(error)) throw error;
      await files.remove(path);
      if (!(await sweepDead(root))) throw error;
      return writeSynced(files, path, bytes);
    }
  };
  const statOf = (key: string) => statAt(pathOf(key), key);
  /** What is there and can't be read has no content to tell it by: an empty ETag, which nothing matches. */
  const statAt = async (path: string, key: string): Promise<StoredObject | undefined> => {
    const described = (stat: FileStat, etag: string): StoredObject => ({
      key,
      size: stat.size,
      etag,
      modified: Number(stat.mtimeNs / 1_000_000n),
    });
    try {
      return await withFile(files, path, async (file, stat) =>
        described(stat, etagOf(stat, stat.size <= HASHED ? await range(file, 0, stat.size) : undefined)),
      );
    } catch (error) {
      if (!failedWith(error, 'file-refused', 'file-access')) throw error;
      const stat = await files.stat(path);
      return stat && described(stat, '');
    }
  };

  async function* walk(folder: string, prefix: string, wanted: string): AsyncGenerator<string> {
    const names = ((await files.list(folder)) ?? []).filter(name => !name.startsWith('~'));
    const parts: string[] = [];
    const named = async (name: string) => {
      const isFolder = (await files.stat(join(folder, name)))?.kind === 'directory';
      return isFolder ? `${name}/` : name;
    };
    // A folder may have tens of thousands: all at once would be a hundred megabytes of promises.
    for await (const name of pipelined(names, LOOKS, named)) parts.push(name);
    for (const name of parts.sort(byBytes)) {
      const key = prefix + name;
      if (!key.startsWith(wanted) && !wanted.startsWith(key)) continue;
      if (name.endsWith('/')) yield* walk(join(folder, name), key, wanted);
      else yield key;
    }
  }

  const store: ObjectStore = {
    url: pathToFileURL(root).href,
    async get(key, { range: asked, into, signal } = {}) {
      signal?.throwIfAborted();
      return withFile(files, pathOf(key), async (file, stat) => {
        const start = Math.min(asked?.start ?? 0, stat.size);
        const end = Math.max(start, Math.min(asked?.end ?? stat.size, stat.size));
        const bytes = await range(file, start, end, into);
        const isWhole = bytes.length === stat.size;
        const whole = isWhole || stat.size > HASHED ? bytes : await range(file, 0, stat.size);
        const etag = etagOf(stat, stat.size <= HASHED ? whole : undefined);
        return { bytes, etag, modified: Number(stat.mtimeNs / 1_000_000n) };
      }).catch(error => {
        throw failedWith(error, 'file-refused') ? damaged(key, 'it is not a plain file', error) : error;
      });
    },
    head: statOf,
    async put(key, bytes, { when, signal }) {
      signal?.throwIfAborted();
      const path = pathOf(key);
      const folder = dirname(path);
      await makeFolder(files, folder);
      const temporary = join(folder, unfinishedName(host.random.uuid(), await ownId(table)));
      try {
        // By the file system's own clock, which may be another machine's.
        const { mtimeNs } = await written(temporary, bytes);
        await sweep(folder, mtimeNs);
        // link() is the atomic "only if it isn't there"; a replacement needs the lock.
        const done =
          'ifMatch' in when
            ? await locked(join(folder, `~lock-${basename(path)}`), host, async () => {
                if ((await statOf(key))?.etag !== when.ifMatch) return false;
                await files.rename(temporary, path);
                return true;
              })
            : await files.link(temporary, path);
        if (!done) return { ok: false, reason: 'precondition' } as const;
        await files.syncFolder(folder);
        return { ok: true, etag: await etagAfter(path, bytes) } as const;
      } catch (error) {
        throw saidOf(error, temporary, path);
      } finally {
        await files.remove(temporary);
      }
    },
    async *list(prefix, after = '') {
      for await (const key of walk(root, '', prefix)) {
        if (!key.startsWith(prefix) || key <= after) continue;
        // What isn't ours may have any name.
        const found = await statAt(join(root, ...key.split('/')), key);
        if (found) yield found;
      }
    },
    async *folders(prefix) {
      const folder = join(root, ...prefix.split('/'));
      for (const name of ((await files.list(folder)) ?? []).toSorted(byBytes))
        if (!name.startsWith('~') && (await files.stat(join(folder, name)))?.kind === 'directory')
          yield `${prefix}${name}/`;
    },
    remove,
    async erase(keys) {
      for (const key of keys) await remove(key);
      return [];
    },
  };
  return staying(store, async () => (await files.stat(join(root, CONFIG))) !== undefined);

  async function remove(key: string): Promise<void> {
    const folder = dirname(pathOf(key));
    await files.remove(pathOf(key));
    if (await files.stat(folder)) await files.syncFolder(folder);
  }

  async function etagAfter(path: string, bytes: Buffer): Promise<string> {
    if (bytes.length <= HASHED) return etagOf(undefined, bytes);
    return (await withFile(files, path, async (_, stat) => etagOf(stat, undefined)))!;
  }
}

/** What failed is the object, whatever it is called until it is whole: the same words each time. */
function saidOf(error: unknown, temporary: string, path: string): unknown {
  if (!(error instanceof Failure)) return error;
  const said = error.diagnostics.map(one => ({ ...one, message: one.message.replaceAll(temporary, path) }));
  return new Failure(said, { cause: error });
}

/** By content where there is some, else by what changes with each replacement. */
const etagOf = (stat: FileStat | undefined, bytes: Buffer | undefined): string =>
  bytes
    ? hash('sha256', bytes).slice(0, 32)
    : `${stat!.inode.toString(16)}-${stat!.mtimeNs.toString(16)}-${stat!.size.toString(16)}`;

/** Undefined when there is no file of that path; a folder of that name is not an object. */
async function withFile<T>(
  files: Files,
  path: string,
  work: (file: FileHandle, stat: FileStat) => Promise<T>,
): Promise<T | undefined> {
  if ((await files.stat(path))?.kind === 'directory') return undefined;
  const file = await files.open(path, 'r');
  if (!file) return undefined;
  try {
    return await work(file, await file.stat());
  } finally {
    await file.close();
  }
}

async function range(file: FileHandle, start: number, end: number, into?: Buffer): Promise<Buffer> {
  const length = end - start;
  const bytes = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafe(length);
  let done = 0;
  while (done < bytes.length) {
    const read = await file.read(bytes.subarray(done), start + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** As their UTF-8 is compared, which differs from code units where one of them is half of a character. */
function byBytes(a: string, b: string): number {
  for (let n = 0; n < a.length && n < b.length; n++) {
    const [x, y] = [a.charCodeAt(n), b.charCodeAt(n)];
    if (x !== y) return byCharacter(x) - byCharacter(y);
  }
  return a.length - b.length;
}

const byCharacter = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

async function writeSynced(files: Files, path: string, bytes: Buffer): Promise<FileStat> {
  const file = (await files.open(path, 'create-new', { mode: 0o600 }))!;
  try {
    await file.write(bytes, 0);
    await file.sync();
    return await file.stat();
  } finally {
    await file.close();
  }
}

/** Each new folder is an entry in the one above it. */
async function makeFolder(files: Files, folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; at !== dirname(at) && !(await files.stat(at)); at = dirname(at)) missing.push(at);
  await files.mkdir(folder, { recursive: true, mode: 0o700 });
  for (const made of missing) await files.syncFolder(dirname(made));
}

/** Writers of this process queue up here: claims of one process would only get in each other's way. */
const queues = new Map<string, Promise<unknown>>();

/** Compares and replaces while nobody else does, in this process or another. */
async function locked<T>(path: string, host: StoreHost, work: () => Promise<T>): Promise<T> {
  const guarded = async () => {
    const lock = await takeLock(path, {
      host,
      timeout: PATIENCE,
      // Several users may write to one repository, and a network's file system may call them all nobody.
      shared: true,
      refused: holder => blocked('store-locked', `${holder} holds ${path}`),
    });
    try {
      return await work();
    } finally {
      await lock.release();
    }
  };
  const turn = (queues.get(path) ?? Promise.resolve()).then(guarded);
  const quiet = turn
    .catch(() => {})
    .then(() => {
      if (queues.get(path) === quiet) queues.delete(path);
    });
  queues.set(path, quiet);
  return turn;
}
