import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { PointId } from './damage-record.ts';
import type { Point, PointDisk } from './point.ts';

/** What a commit stores of it: this content, that there is none, or what the point before it has. */
export type BundleContent = Buffer | 'none' | 'as-before';

/** A pack that a cycle left which died, or failed, before it made a point. */
export interface OrphanedPack {
  id: string;
  /** Bytes of the object. */
  size: number;
}

/** What was written, for reports. Bytes. */
export interface WriteTotals {
  blocks_stored: number;
  /** Plaintext bytes of the blocks stored, before compression, and as they are stored. */
  bytes_stored: number;
  bytes_packed: number;
  /** Blocks of these that the source has had all along, and whose stored copy isn't believed. */
  blocks_healed: number;
  /** Blocks that a cycle before had stored which died, and their plaintext bytes; none of `blocks_stored`. */
  blocks_reused: number;
  bytes_reused: number;
  /** Everything that was PUT, metadata included. */
  bytes_uploaded: number;
}

export interface DiskWriter {
  readonly blockSize: number;
  /**
   * Whole blocks of the disk, one after the other from number `first`; a block that isn't put keeps the
   * base's content, or zero without a base. The bytes are the caller's again when it resolves.
   */
  put(first: number, bytes: Buffer): Promise<void>;
}

/** What is known of a disk besides what is put. */
export interface DiskChanges {
  /** Told each block that is put and isn't what the base's disk has there. */
  onDiffer?(block: number): void;
  /**
   * Whether a block may have changed since the base's point: what hasn't is what the base had there, also
   * where its map is lost. Left out where change tracking can't tell.
   */
  isChanged?(block: number): boolean;
}

export interface MendedMaps {
  mended: PointId[];
  lost: PointId[];
}

export interface Committed {
  point: Point;
  totals: WriteTotals;
  /** Points some page of whose map was lost: those that have it again, and those that don't. */
  maps: MendedMaps;
  /** What went wrong once the point was complete, and what makes it good. */
  warnings: Diagnostic[];
}

/** One commit in the making. Nothing of it is visible before `commit`. */
export interface PointWriter {
  /** What was written by now. */
  readonly totals: Readonly<WriteTotals>;
  /**
   * What `commit` stores beside the disks. `look`: where the point before has the same, that is read before
   * it is named again; else it only must not be known to be damaged.
   */
  bundle(content: BundleContent, look?: boolean): void;
  /**
   * `base`: the disk of the head's point that unput blocks come from; undefined for a full. It may be
   * smaller or larger, but its block size must be the same: a disk that grew keeps its block size.
   */
  disk(disk: PointDisk, base?: PointDisk, more?: DiskChanges): Promise<DiskWriter>;
  /**
   * Numbers of the blocks of a disk of the head's point, ascending, that have to be put whether they changed
   * or not: their stored copy, or the map that tells what they are, isn't believed.
   */
  doubted(base: PointDisk): AsyncIterable<number>;
  /**
   * Packs, pages and index first, then the head, which holds the point, with exactly the ETag that
   * the writer was opened with; then the point's own write-once object. `lost-race`: somebody else
   * moved the head; never rebased, nothing is visible. Steps: `pack pages index bundle roster head point`.
   * Without `bundle` the point doesn't say whether there is one. `moving`: awaited before the step `head`,
   * and told when the head has moved.
   */
  commit(
    point: Omit<Point, 'id' | 'generation' | 'disks' | 'bundle'>,
    step: (name: string) => Promise<void>,
    signal?: AbortSignal,
    moving?: { before(): Promise<void>; after(): void },
  ): Promise<Committed | 'lost-race'>;
}
