import { hash } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blocked, Failure, given } from '../../diagnostics/diagnostic.ts';
import { codeOf, fileFailure } from '../../io/errors.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { Host } from '../../io/ports.ts';
import type { ObjectStore, StoredObject } from '../model/store.ts';

/** Objects up to this many bytes are compared by content; larger ones are never replaced. */
const HASHED = 2 ** 20;

/** Age in milliseconds at which an unfinished write is surely nobody's any more. */
const FORSAKEN = 24 * 3_600_000;

/** Milliseconds to wait for another process that is replacing the same object. */
const PATIENCE = 30_000;

type StoreHost = Pick<Host, 'clock' | 'files' | 'random'>;

/**
 * Objects as files below `dir`, which is made when the first one is put. File names are the keys, so
 * that a repository can be copied between a directory and a bucket by any tool. Names that begin with
 * a tilde are ours and never listed: `~put-*` are unfinished writes, `~lock-*` guards of a replacement.
 */
export function fileStore(dir: string, host: StoreHost): ObjectStore {
  const root = resolve(dir);
  const pathOf = (key: string) => {
    const parts = key.split('/');
    if (!parts.every(part => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part)))
      throw new Failure(given('bad-object-name', `${JSON.stringify(key)} is no object name`));
    return join(root, ...parts);
  };
  const swept = new Set<string>();
  /** Removes what killed writers left, once per folder. Best effort: leftovers cost space and nothing else. */
  const sweep = async (folder: string, now: number) => {
    if (swept.has(folder)) return;
    swept.add(folder);
    for (const name of (await readdir(folder)).filter(isUnfinished)) {
      const path = join(folder, name);
      const age = now - (await absent(stat(path), undefined).then(s => s?.mtimeMs ?? now));
      if (age > FORSAKEN) await unlink(path).catch(() => {});
    }
  };
  const statAt = (path: string, key: string): Promise<StoredObject | undefined> =>
    named(
      path,
      async () => {
        const [stats, bytes] = await absent(Promise.all([stat(path), contentIfSmall(path)]), [
          undefined,
          undefined,
        ]);
        if (!stats?.isFile()) return undefined;
        return { key, size: stats.size, etag: etagOf(stats, bytes), modified: stats.mtimeMs };
      },
      'read',
    );
  const statOf = (key: string) => statAt(pathOf(key), key);

  async function* walk(folder: string, prefix: string, wanted: string): AsyncGenerator<string> {
    const reading = () => absent(readdir(folder, { withFileTypes: true }), []);
    const entries = await named(folder, reading, 'list');
    const names = entries.filter(e => !e.name.startsWith('~')).map(keyPart);
    for (const name of names.sort(byBytes)) {
      const key = prefix + name;
      if (!key.startsWith(wanted) && !wanted.startsWith(key)) continue;
      if (name.endsWith('/')) yield* walk(join(folder, name), key, wanted);
      else yield key;
    }
  }

  return {
    url: pathToFileURL(root).href,
    async get(key, { range, signal } = {}) {
      signal?.throwIfAborted();
      const path = pathOf(key);
      return named(path, () => readAt(path, range), 'read');
    },
    head: statOf,
    async put(key, bytes, { when, signal }) {
      signal?.throwIfAborted();
      const path = pathOf(key);
      const folder = dirname(path);
      await makeFolder(folder, root);
      const temporary = join(folder, `${UNFINISHED}${host.random.uuid()}`);
      return named(path, async () => {
        try {
          await writeSynced(temporary, bytes);
          // By the file system's own clock, which may be another machine's.
          await sweep(folder, (await stat(temporary)).mtimeMs);
          // link() is the atomic "only if it isn't there"; a replacement needs the lock.
          const done =
            'ifMatch' in when
              ? await locked(join(folder, `~lock-${basename(path)}`), host, async () => {
                  if ((await statOf(key))?.etag !== when.ifMatch) return false;
                  await rename(temporary, path);
                  return true;
                })
              : await linkNew(temporary, path);
          if (!done) return { ok: false, reason: 'precondition' } as const;
          await syncFolder(folder);
          return { ok: true, etag: await etagAfter(path, bytes) } as const;
        } finally {
          await absent(unlink(temporary), undefined);
        }
      });
    },
    async *list(prefix) {
      for await (const key of walk(root, '', prefix)) {
        if (!key.startsWith(prefix)) continue;
        // What isn't ours may have any name.
        const found = await statAt(join(root, ...key.split('/')), key);
        if (found) yield found;
      }
    },
    async remove(key) {
      await absent(unlink(pathOf(key)), undefined);
      await absent(syncFolder(dirname(pathOf(key))), undefined);
    },
  };
}

/** A pipe or device in the place of an object must not keep anybody waiting. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function readAt(
  path: string,
  range?: { start: number; end: number },
): Promise<{ bytes: Buffer; etag: string } | undefined> {
  const file = await absent(open(path, READ_ONLY), undefined);
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const start = Math.min(range?.start ?? 0, stats.size);
    const bytes = Buffer.alloc(Math.max(0, Math.min(range?.end ?? stats.size, stats.size) - start));
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    const whole = bytes.length === stats.size ? bytes : await contentIfSmall(path);
    return { bytes: bytes.subarray(0, done), etag: etagOf(stats, whole) };
  } finally {
    await file.close();
  }
}

const etagOf = (stats: Stats, bytes: Buffer | undefined) =>
  bytes && bytes.length <= HASHED
    ? hash('sha256', bytes).slice(0, 32)
    : `${stats.ino.toString(16)}-${stats.mtimeMs.toString(16)}-${stats.size.toString(16)}`;

const etagAfter = async (path: string, bytes: Buffer) =>
  bytes.length <= HASHED ? hash('sha256', bytes).slice(0, 32) : etagOf(await stat(path), undefined);

async function contentIfSmall(path: string): Promise<Buffer | undefined> {
  const stats = await stat(path);
  return stats.isFile() && stats.size <= HASHED ? readFile(path) : undefined;
}

const UNFINISHED = '~put-';
const isUnfinished = (name: string) => name.startsWith(UNFINISHED);
const keyPart = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name);
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** `otherwise` when the file or its folder isn't there. */
async function absent<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return otherwise;
    throw error;
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function makeFolder(folder: string, root: string): Promise<void> {
  const first = await named(folder, () => mkdir(folder, { recursive: true }));
  if (!first) return;
  // Each new folder is an entry in the one above it.
  for (let at = folder; at.length >= Math.min(first.length, root.length); at = dirname(at)) {
    await syncFolder(dirname(at));
    if (at === dirname(at) || at === first) break;
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (sep === '\\') return; // Windows can't open a folder; NTFS journals the rename itself
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the operating system answers, as one message that names the file. */
async function named<T>(path: string, work: () => Promise<T>, verb = 'write'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFailure(error, verb, path);
  }
}

/** Writers of this process queue up here: claims of one process would only get in each other's way. */
const queues = new Map<string, Promise<unknown>>();

/** Compares and replaces while nobody else does, in this process or another. */
async function locked<T>(path: string, host: StoreHost, work: () => Promise<T>): Promise<T> {
  const guarded = async () => {
    const lock = await takeLock(path, {
      host,
      timeout: PATIENCE,
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
