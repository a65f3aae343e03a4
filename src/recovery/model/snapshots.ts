/**
 * What a replica needs of the place that holds it: block snapshots that are written from outside.
 * `src/aws/recovery` implements it over EBS direct and EC2. All calls may reject with a Failure.
 */

/** Bytes of a block of a snapshot. Source: EBS direct APIs reference, PutSnapshotBlock, DataLength. */
export const SNAPSHOT_BLOCK = 524_288;

export interface CloudSnapshot {
  id: string;
  /** EC2 has more states; each of the others is no use to anybody here. */
  state: 'pending' | 'completed' | 'error';
  /** Milliseconds since the epoch. */
  started: number;
  gib: number;
  encrypted: boolean;
  /** ARN of the key. */
  key?: string;
  /** The volume that it was taken of; left out for one that was written from outside. */
  ofVolume?: string;
  tags: Record<string, string>;
}

export interface NewSnapshot {
  gib: number;
  /** What blocks that aren't put are those of. */
  parent?: string;
  /** The same token with the same values gives the same snapshot again. */
  token: string;
  description: string;
  tags: Record<string, string>;
  /** Minutes without a block after which it fails by itself, 10 to 4320. */
  timeout: number;
}

export interface SnapshotStore {
  /**
   * Whether new volumes and snapshots of the account are encrypted, and by which key: an ARN, or an alias.
   */
  encryption(signal?: AbortSignal): Promise<{ on: boolean; key?: string }>;
  /** Those of this account that have all of these tags, or these ids. */
  list(
    which: { tags: Record<string, string> } | { ids: string[] },
    signal?: AbortSignal,
  ): Promise<CloudSnapshot[]>;
  start(wanted: NewSnapshot, signal?: AbortSignal): Promise<string>;
  /**
   * One whole block; putting it again overwrites. Throws a Failure `snapshot-not-pending` when nothing more
   * can be put. `digest`: its SHA-256, which the other side checks.
   */
  put(id: string, index: number, bytes: Buffer, digest: Buffer, signal?: AbortSignal): Promise<void>;
  /**
   * `count`: blocks that were put; `checksum`: SHA-256 of their digests, one after another by ascending
   * index, in base64. Asked again after a lost answer it says the same.
   */
  complete(id: string, count: number, checksum: string, signal?: AbortSignal): Promise<void>;
  /** Blocks that were ever written, its parents' too, by ascending index. Of a completed snapshot only. */
  blocks(id: string, signal?: AbortSignal): AsyncIterable<{ index: number; token: string }>;
  /** The bytes of one of them, checked against the checksum that comes with them. */
  get(id: string, index: number, token: string, signal?: AbortSignal): Promise<Buffer>;
  /**
   * Blocks in which two completed snapshots of one lineage may differ, by ascending index. Without a token a
   * block isn't in the second: it reads as zeros. @throws Failure `snapshots-unrelated`
   */
  changed(
    first: string,
    second: string,
    signal?: AbortSignal,
  ): AsyncIterable<{ index: number; token?: string }>;
  /** Begins to make a snapshot of a volume as it is at this moment, and answers with its id. */
  take(
    volume: string,
    wanted: { description: string; tags: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<string>;
  /** False when an image still uses it. One that is gone already is success. */
  remove(id: string, signal?: AbortSignal): Promise<boolean>;
}
