import { crc32 } from 'node:zlib';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import type { ObjectLock } from '../../src/replication/model/object-lock.ts';
import type { ObjectStore, StoredObject } from '../../src/replication/model/store.ts';

export type Call = {
  name: 'get' | 'head' | 'put' | 'list' | 'remove' | 'erase' | 'lock-of' | 'extend';
  key: string;
  bytes: number;
};

export interface MemoryStore extends ObjectStore {
  readonly objects: Map<string, { bytes: Buffer; modified: number; lock?: ObjectLock | undefined }>;
  /** Every call so far, in order. */
  readonly calls: Call[];
  /** How often something was put or taken away, and taken away. */
  written: number;
  erased: number;
  /** Awaited before a call takes effect; throw in it to fail the call. */
  before: ((call: Call) => Promise<void> | void) | undefined;
  /** Asked after a put took effect: true loses its answer. */
  loseAnswer: ((call: Call) => boolean) | undefined;
}

/** Made anew for each call, as tests change bytes where they lie, hence of what is made fastest. */
const etagOf = (bytes: Buffer) => `"${crc32(bytes).toString(16).padStart(32, '0')}"`;

/** An ObjectStore in memory, whose clock is `time`, with hooks to fail, delay or lose any call. */
export function memoryStore(url = 'memory://test', time = () => 1_767_225_600_000): MemoryStore {
  const objects: MemoryStore['objects'] = new Map();
  const calls: Call[] = [];
  const note = async (name: Call['name'], key: string, bytes = 0) => {
    const call: Call = { name, key, bytes };
    calls.push(call);
    await store.before?.(call);
    return call;
  };
  const stat = (key: string): StoredObject | undefined => {
    const found = objects.get(key);
    return found && { key, size: found.bytes.length, etag: etagOf(found.bytes), modified: found.modified };
  };
  const demand = (key: string) => {
    const found = objects.get(key);
    if (found) return found;
    throw new Failure(world('missing-object', `${key} isn't there`));
  };
  const store: MemoryStore = {
    url,
    objects,
    calls,
    written: 0,
    erased: 0,
    before: undefined,
    loseAnswer: undefined,
    async get(key, { range, into, signal } = {}) {
      signal?.throwIfAborted();
      await note('get', key);
      const found = objects.get(key);
      if (!found) return undefined;
      const bytes = range ? found.bytes.subarray(range.start, range.end) : found.bytes;
      const room = into && into.length >= bytes.length ? into.subarray(0, bytes.length) : undefined;
      if (room) bytes.copy(room);
      return { bytes: room ?? Buffer.from(bytes), etag: etagOf(found.bytes), modified: found.modified };
    },
    async head(key) {
      await note('head', key);
      return stat(key);
    },
    async put(key, bytes, { when, lock, signal }) {
      signal?.throwIfAborted();
      const copy = Buffer.from(bytes);
      const call = await note('put', key, bytes.length);
      const now = stat(key);
      const holds = 'ifMatch' in when ? now?.etag === when.ifMatch : !now;
      if (holds) objects.set(key, { bytes: copy, modified: time(), lock });
      store.written++;
      if (store.loseAnswer?.(call))
        throw new Failure(world('answer-lost', `the answer to PUT ${key} was lost`));
      return holds ? { ok: true, etag: etagOf(copy) } : { ok: false, reason: 'precondition' };
    },
    async *list(prefix, after = '') {
      await note('list', prefix);
      // By code units, which is how S3 sorts what is ASCII, and keys of a repository are.
      for (const key of [...objects.keys()].filter(k => k.startsWith(prefix) && k > after).sort()) {
        const found = stat(key);
        if (found) yield found;
      }
    },
    async *folders(prefix) {
      await note('list', prefix);
      const below = [...objects.keys()].filter(
        k => k.startsWith(prefix) && k.indexOf('/', prefix.length) > 0,
      );
      yield* new Set(below.sort().map(k => k.slice(0, k.indexOf('/', prefix.length) + 1)));
    },
    async remove(key) {
      await note('remove', key);
      store.written++;
      objects.delete(key);
    },
    async erase(keys) {
      await note('erase', keys.join(' '));
      store.written++;
      store.erased++;
      const locked = keys.flatMap(key => {
        const until = objects.get(key)?.lock?.until ?? 0;
        return until > time() ? [{ key, why: 'it is locked', until }] : [];
      });
      const kept = new Set(locked.map(({ key }) => key));
      for (const key of keys) if (!kept.has(key)) objects.delete(key);
      return locked;
    },
    locks: {
      async of(key) {
        await note('lock-of', key);
        return demand(key).lock;
      },
      async extend(key, lock) {
        await note('extend', key);
        const found = demand(key);
        if ((found.lock?.until ?? 0) > lock.until) throw new Error(`the lock of ${key} would get shorter`);
        found.lock = lock;
      },
    },
  };
  return store;
}
