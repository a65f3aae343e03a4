import type { Clock } from '../../io/ports.ts';
import type { Waits } from '../../io/retry.ts';
import type { ObjectLock } from './object-lock.ts';

/** What `put` may demand of the key's present state. */
export type Precondition = { ifNoneMatch: '*' } | { ifMatch: string };

export interface StoredObject {
  key: string;
  /** Bytes. */
  size: number;
  /** Opaque; equal etags mean equal content. */
  etag: string;
  /** Milliseconds since the epoch, by the store's clock. */
  modified: number;
}

/** What was to be erased, and is still there. */
export interface Kept {
  key: string;
  /** In the store's words. */
  why: string;
  /** It is locked until then, ms since the epoch; undefined: it is kept for another reason. */
  until?: number;
}

/** Locks of single objects, where a store has them. */
export interface ObjectLocks {
  /**
   * The lock of the newest version of an object. Undefined: it has none. Throws a Failure `missing-object`,
   * or `bucket-without-lock` where nothing can be locked.
   */
  of(key: string, signal?: AbortSignal): Promise<ObjectLock | undefined>;
  /** Locks it, or for longer. Throws the same, and `aws-access-denied` where a lock would get weaker. */
  extend(key: string, lock: ObjectLock, signal?: AbortSignal): Promise<void>;
}

export type PutResult = { ok: true; etag: string } | { ok: false; reason: 'precondition' };

/**
 * An object store under one prefix: `s3://bucket/prefix` or `file:///dir`. Keys are relative to the
 * prefix, `/`-separated, and never begin with a slash. Failures of the world are thrown as Failure;
 * "not there" and "precondition failed" are answers.
 */
export interface ObjectStore {
  readonly url: string;
  /**
   * Whole object, or what there is of `range` (bytes; `end` exclusive), with what `head` tells of it.
   * Undefined when the key isn't there.
   *
   * @param options.patience `quick`: the caller waits for a store that is away itself
   * @param options.into where what is read goes if there is room for it; a call that rejected may go on
   *   writing there
   */
  get(
    key: string,
    options?: {
      range?: { start: number; end: number };
      into?: Buffer;
      signal?: AbortSignal;
      patience?: 'quick';
    },
  ): Promise<{ bytes: Buffer; etag: string; modified: number } | undefined>;
  head(key: string): Promise<StoredObject | undefined>;
  /**
   * Atomic: readers see the whole new object or what was there. Durable when it resolves. A lost
   * answer rejects with a Failure of code `answer-lost`: the caller reads back to learn what happened.
   *
   * @param options.lock only where there are `locks`; it is of this version
   */
  put(
    key: string,
    bytes: Buffer,
    options: { when: Precondition; lock?: ObjectLock; signal?: AbortSignal; patience?: 'quick' },
  ): Promise<PutResult>;
  /**
   * Keys with the prefix in ascending UTF-8 order, without the empty ones that stand for folders; `after`:
   * only those that come after this key.
   */
  list(prefix: string, after?: string): AsyncIterable<StoredObject>;
  /** Folders right below a prefix that ends in a slash: `vms/a/` for `vms/a/head`; one listing. */
  folders(prefix: string): AsyncIterable<string>;
  remove(key: string): Promise<void>;
  /**
   * Removes these for good, with all versions that the store has of them; keys that aren't there are gone
   * already. Answers with those that the store won't give up, because they are locked, which is known before
   * anything is tried, or by its rights.
   */
  erase(keys: readonly string[]): Promise<Kept[]>;
  /** Undefined: objects of this store can't be locked. */
  readonly locks?: ObjectLocks;
  /**
   * Milliseconds by which the store's clock is ahead of this machine's, as its answers so far tell; 0: not
   * known.
   */
  clockAhead?(): number;
  /** Hears of calls that are made again for long. */
  readonly waits?: Waits;
}

/** This machine's clock, put right by the store's: what many machines judge alike is judged by it. */
export const clockOf = (store: ObjectStore, clock: Clock): Clock => ({
  now: () => clock.now() + (store.clockAhead?.() ?? 0),
  sleep: (ms, signal) => clock.sleep(ms, signal),
});

/** Where a section is in its object, bytes. */
export interface Span {
  offset: number;
  length: number;
}

/** Where a block lies. */
export interface Location extends Span {
  /** Id of the pack. */
  pack: string;
}
