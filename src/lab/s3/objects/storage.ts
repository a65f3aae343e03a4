import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../../io/ports.ts';
import type { Blob, BucketRecord, KeyRecord, UploadRecord } from './model.ts';
import { SortedMap } from './order.ts';

/**
 * Objects on disk. Layout below `dir`:
 *
 *     buckets/BUCKET/bucket.json        the bucket and its settings
 *     buckets/BUCKET/keys/SHA256.json   one key with all its versions
 *     buckets/BUCKET/uploads/ID.json    one multipart upload in progress
 *     blobs/ID                          content; belongs to exactly one version or part
 *     tmp/                              half-written; emptied on start
 *
 * Content goes first, then the record that names it is renamed into place: a kill leaves a blob that
 * nothing names, which the next start removes. There is no fsync: the lab promises to survive the
 * death of its process, not of the machine.
 */
export interface BucketState {
  record: BucketRecord;
  keys: SortedMap<KeyRecord>;
  uploads: Map<string, UploadRecord>;
  /** How often a key was deleted since the start, for 409 ConditionalRequestConflict. */
  deletions: Map<string, number>;
}

export interface BlobWriter {
  write(piece: Buffer): Promise<void>;
  /** The blob counts from here on; the caller names it in a record. */
  keep(): Promise<Blob>;
  discard(): Promise<void>;
}

const fileOfKey = (key: string) => `${createHash('sha256').update(key).digest('hex')}.json`;

export class Storage {
  readonly buckets = new SortedMap<BucketState>();
  readonly clock: Clock;
  readonly random: Random;
  readonly #dir: string;
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(dir: string, clock: Clock, random: Random) {
    this.#dir = dir;
    this.clock = clock;
    this.random = random;
  }

  static async open(dir: string, clock: Clock, random: Random): Promise<Storage> {
    const storage = new Storage(dir, clock, random);
    await rm(join(dir, 'tmp'), { recursive: true, force: true });
    for (const each of ['buckets', 'blobs', 'tmp']) await mkdir(join(dir, each), { recursive: true });
    for (const name of await readdir(join(dir, 'buckets'))) await storage.#load(name);
    await storage.#sweep();
    return storage;
  }

  /** Runs `work` after all earlier work on the same thing: the order in which writers win. */
  async inTurn<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(thing) ?? Promise.resolve()).then(work, work);
    this.#turns.set(thing, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(thing) === turn) this.#turns.delete(thing);
    }
  }

  async saveBucket(record: BucketRecord): Promise<BucketState> {
    for (const each of ['keys', 'uploads']) {
      await mkdir(join(this.#bucketDir(record.name), each), { recursive: true });
    }
    await this.#writeJson(join(this.#bucketDir(record.name), 'bucket.json'), record);
    const known = this.buckets.get(record.name);
    if (known) known.record = record;
    const state = known ?? { record, keys: new SortedMap(), uploads: new Map(), deletions: new Map() };
    this.buckets.set(record.name, state);
    return state;
  }

  async removeBucket(name: string): Promise<void> {
    // Out of the way in one step: a half-removed folder must not come back as a bucket.
    const away = join(this.#dir, 'tmp', this.newId());
    await rename(this.#bucketDir(name), away);
    this.buckets.delete(name);
    await rm(away, { recursive: true, force: true });
  }

  /** Makes `record` what the key is; without versions the key is gone. Blobs no longer named go too. */
  async saveKey(bucket: BucketState, record: KeyRecord): Promise<void> {
    const path = join(this.#bucketDir(bucket.record.name), 'keys', fileOfKey(record.key));
    const before = blobsOf(bucket.keys.get(record.key));
    if (record.versions.length > 0) {
      await this.#writeJson(path, record);
      bucket.keys.set(record.key, record);
    } else {
      await rm(path, { force: true });
      bucket.keys.delete(record.key);
    }
    const kept = new Set(blobsOf(record).map(blob => blob.id));
    await this.removeBlobs(before.filter(blob => !kept.has(blob.id)));
  }

  async saveUpload(bucket: BucketState, upload: UploadRecord): Promise<void> {
    await this.#writeJson(this.#uploadPath(bucket, upload.id), upload);
    bucket.uploads.set(upload.id, upload);
  }

  /** Forgets the upload; its blobs are the caller's business. */
  async removeUpload(bucket: BucketState, id: string): Promise<void> {
    await rm(this.#uploadPath(bucket, id), { force: true });
    bucket.uploads.delete(id);
  }

  async createBlob(): Promise<BlobWriter> {
    const id = this.#newBlobId();
    const path = join(this.#dir, 'tmp', id);
    const file = await open(path, 'wx');
    let size = 0;
    return {
      async write(piece) {
        await file.writeFile(piece);
        size += piece.length;
      },
      keep: async () => {
        await file.close();
        await rename(path, this.#blobPath(id));
        return { id, size };
      },
      async discard() {
        await file.close();
        await rm(path, { force: true });
      },
    };
  }

  async copyBlob(blob: Blob): Promise<Blob> {
    const id = this.#newBlobId();
    const path = join(this.#dir, 'tmp', id);
    await copyFile(this.#blobPath(blob.id), path);
    await rename(path, this.#blobPath(id));
    return { id, size: blob.size };
  }

  openBlob(blob: Blob) {
    return open(this.#blobPath(blob.id), 'r');
  }

  async removeBlobs(blobs: Blob[]): Promise<void> {
    for (const blob of blobs) await rm(this.#blobPath(blob.id), { force: true });
  }

  newId(): string {
    return this.random.bytes(24).toString('base64url');
  }

  /** Never one that is taken: a test's Random may begin anew after a restart. */
  #newBlobId(): string {
    let id = this.newId();
    while (existsSync(this.#blobPath(id))) id = this.newId();
    return id;
  }
  #bucketDir(name: string): string {
    return join(this.#dir, 'buckets', name);
  }
  #uploadPath(bucket: BucketState, id: string): string {
    return join(this.#bucketDir(bucket.record.name), 'uploads', `${id}.json`);
  }
  #blobPath(id: string): string {
    return join(this.#dir, 'blobs', id);
  }

  async #writeJson(path: string, value: unknown): Promise<void> {
    const temporary = join(this.#dir, 'tmp', this.newId());
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, path);
  }

  async #load(name: string): Promise<void> {
    const json = async <T>(...path: string[]) =>
      JSON.parse(await readFile(join(this.#bucketDir(name), ...path), 'utf8')) as T;
    // A kill while the bucket was being made: nobody was told that it exists.
    const record = await json<BucketRecord>('bucket.json').catch(() => undefined);
    if (!record) return rm(this.#bucketDir(name), { recursive: true, force: true });
    const state = await this.saveBucket(record);
    for (const file of await readdir(join(this.#bucketDir(name), 'keys'))) {
      const key = await json<KeyRecord>('keys', file);
      state.keys.set(key.key, key);
    }
    for (const file of await readdir(join(this.#bucketDir(name), 'uploads'))) {
      const upload = await json<UploadRecord>('uploads', file);
      state.uploads.set(upload.id, upload);
    }
  }

  /** Removes blobs that a kill left without a record, and uploads whose parts became an object. */
  async #sweep(): Promise<void> {
    const named = new Set<string>();
    for (const bucket of this.buckets.values()) {
      for (const key of bucket.keys.values()) for (const blob of blobsOf(key)) named.add(blob.id);
      for (const upload of [...bucket.uploads.values()]) {
        if (upload.parts.some(part => named.has(part.blob.id))) await this.removeUpload(bucket, upload.id);
        else for (const part of upload.parts) named.add(part.blob.id);
      }
    }
    for (const id of await readdir(join(this.#dir, 'blobs'))) {
      if (!named.has(id)) await rm(this.#blobPath(id), { force: true });
    }
  }
}

function blobsOf(record: KeyRecord | undefined): Blob[] {
  return record?.versions.flatMap(version => (version.kind === 'object' ? version.blobs : [])) ?? [];
}
