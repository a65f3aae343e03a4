import type { Failure } from '../../diagnostics/diagnostic.ts';
import type { CheckMemory } from './check-memory.ts';
import type { Conditions } from './conditions.ts';
import type { BrokenPoint, DamagedObject, DamageRecord, Doubts, PointId } from './damage-record.ts';
import type { LeaseValue } from './lease-value.ts';
import type { BundleRef, MadePoint, Point, PointDisk } from './point.ts';
import type { OrphanedPack, PointWriter } from './point-writer.ts';
import type { ObjectStore } from './store.ts';

/** 32 bytes: SHA-256 of the plaintext, or its HMAC in an encrypted repository. All zero: a zero block. */
export type BlockId = Buffer;

/** The one mutable pointer per VM. Moved by conditional PUT only. */
export interface Head {
  /** Unique per commit attempt: after a lost answer, reading back one's own id means success. */
  commit: string;
  generation: number;
  epoch: number;
  point: string;
  /** Since it was written the VM may be failed over: the repository's pauses tell. */
  suspended: boolean;
}

/** Which block ids a disk holds, page by page; at no time is the whole map in memory. */
export interface DiskMap {
  readonly blockSize: number;
  readonly blocks: number;
  /** Blocks per page. */
  readonly pageBlocks: number;
  readonly pages: number;
  /** Equal names mean equal pages: comparing two points loads only the pages that differ. */
  pageName(page: number): string;
  /** 32 bytes per block of that page, concatenated. */
  page(page: number, signal?: AbortSignal): Promise<Buffer>;
}

export interface ReadBlock {
  index: number;
  bytes: Buffer;
  /** SHA-256 of the bytes, where the check made it anyway. */
  sha256?: Buffer;
}

/** Blocks that follow one another on a disk, from number `first` on. */
export interface ReadExtent {
  first: number;
  blocks: Buffer[];
}

/** Reads blocks of one disk of one point, each checked against its id. */
export interface DiskReader {
  readonly map: DiskMap;
  /** Plaintext of one block, of its exact length; zeros are made, not read. */
  block(index: number, signal?: AbortSignal): Promise<Buffer>;
  /**
   * The same for many blocks, in any order: neighbours of a pack are one request, and several requests
   * run at a time. `wanted` is consumed as it goes; give it in ascending order. The bytes of a block are
   * there until the next but one is asked for: their buffer is read into again.
   */
  blocks(wanted: Iterable<number>, signal?: AbortSignal): AsyncGenerator<ReadBlock>;
  /**
   * The same, those together that come together and are neighbours on the disk. `zerosToo`: also blocks that
   * hold zeros only. The bytes are there until the next extent but one is asked for, so that one may be
   * written while the next is checked.
   */
  extents(
    wanted: Iterable<number>,
    options: { zerosToo: boolean; signal?: AbortSignal | undefined },
  ): AsyncGenerator<ReadExtent>;
  /** Keys of the objects that reading these blocks takes, ascending numbers; none of them is read. */
  packs(wanted: Iterable<number>, signal?: AbortSignal): Promise<Set<string>>;
}

/** Told about each object that can't be read and that a reader goes on without. */
export type OnDamage = (failure: Failure) => void;

/** A point that was there, or may have been, and can't be given. */
export interface LostPoint {
  generation: number;
  /** Where it is known. */
  id?: string;
  /** A clause: `its object is damaged`. */
  why: string;
}

/** What became of a head that was looked at for repair. */
export interface HeadRepair {
  did: 'nothing' | 'point-written' | 'head-written';
  /**
   * What is still wrong: a newer point than any that can be read is known to have been; the head is whole,
   * and a point is newer; no point can be read; somebody else moved it meanwhile.
   */
  left?: 'newer-known' | 'head-older' | 'no-point' | 'head-moved' | undefined;
  /** Of the newest point that can be read, where the head isn't that; of the point that was written. */
  generation?: number;
}

/** The record of what is damaged of a VM. */
export interface DamageStore {
  /**
   * Undefined: there is none. A record that can't be read goes to `onDamage` and counts as one that says
   * nothing.
   */
  read(onDamage?: OnDamage): Promise<{ record: DamageRecord | undefined; etag: string } | undefined>;
  /** `etag`: of the record that it replaces. False: somebody else wrote meanwhile. */
  write(record: DamageRecord, etag: string | undefined): Promise<boolean>;
  /** What isn't there, or not as long as it was, of all that the newest point needs. Reads no content. */
  presence(): Promise<Omit<DamagedObject, 'since'>[]>;
  /** Those of the record's broken points that can't be given as things are now. */
  stillBroken(record: DamageRecord): Promise<BrokenPoint[]>;
  /**
   * Writes a damaged head anew, where the newest point under `points/` is of generation `atLeast` or later;
   * under the lease alone. False: nothing was written.
   */
  mendHead(atLeast: number): Promise<boolean>;
  /** Writes the roster's object of the VM where it is gone or damaged; whether it did. */
  mendRoster(): Promise<boolean>;
  /**
   * Puts the head and the object of the newest point in order, from each other; under the lease alone.
   * `known`: the highest generation that is known. `rebuild`: from the newest point that can be read,
   * whatever the head said.
   */
  repairHead(options: {
    known: number;
    rebuild: boolean;
    step(name: string): Promise<void>;
  }): Promise<HeadRepair>;
}

/** What is known to have been of a VM, each in ascending generation. */
export interface History {
  points: Point[];
  /** A pruner has marked them: they are given by their id alone, as long as they are there. */
  leaving: Point[];
  lost: LostPoint[];
}

export interface VmRepository {
  readonly uuid: string;
  /** Whether the repository holds anything of this VM, readable or not. */
  exists(): Promise<boolean>;
  head(): Promise<{ head: Head; etag: string } | undefined>;
  /**
   * Complete points in ascending generation, without those that a pruner is removing; also without a head.
   * Points that can't be read go to `onDamage` and are left out; without it the Failure is thrown.
   */
  points(onDamage?: OnDamage): Promise<Point[]>;
  /**
   * The same, and what can't be given of what is known to have been: points that can't be read or are missing
   * without a record of their removal, one that a lost head may have named, and those of `points` that are
   * known to be broken.
   */
  history(onDamage?: OnDamage): Promise<History>;
  /** Points that are known not to be whole. Whoever isn't shown the record hears of it, and of none. */
  broken(onDamage?: OnDamage): Promise<PointId[]>;
  /**
   * The newest complete point, also when the head is missing or older; `onDamage` as for `points`. `seen`:
   * the highest generation that is known to have been; a head of that one is believed as it is.
   */
  newest(onDamage?: OnDamage, seen?: number): Promise<Point | undefined>;
  /**
   * Whether the head, as it was read here last by `newest`, is whole and older than the newest point:
   * somebody put it back, and no cycle goes on from it.
   */
  readonly headPutBack: boolean;
  /**
   * False where the head, as it was read here last by `head` or `newest`, says that the VM isn't failed
   * over; true: the repository's pauses tell.
   */
  readonly suspended: boolean;
  point(id: string): Promise<Point | undefined>;
  /**
   * How the points came about that were complete after a moment, and the one before them, in ascending
   * generation; those that can't be read go to `onDamage`.
   *
   * @param since ms since the epoch
   * @param known what was read of points before, by id: they never change
   * @param leftOut generations of which nobody wants to hear
   */
  made(
    since: number,
    onDamage: OnDamage,
    known?: Map<string, MadePoint>,
    leftOut?: ReadonlySet<number>,
  ): Promise<MadePoint[]>;
  /** When verifications last looked to which depth; nothing is known of a record that can't be read. */
  checked(): Promise<CheckMemory['looks']>;
  reader(point: Point, disk: PointDisk): Promise<DiskReader>;
  /** Content of the bundle that a point names. Throws a Failure `missing-object` or `damaged-object`. */
  bundle(ref: BundleRef): Promise<Buffer>;
  /**
   * `base`: the head, or undefined to go on from the newest point there is. `step` is awaited before each
   * pack that is written while blocks are put. `after`: a generation that is known to have been. `doubts`:
   * what must not be taken as stored. `claimed`: packs of dead cycles whose blocks are, as the lease says.
   */
  writer(
    base: { head: Head; etag: string } | undefined,
    step?: (name: string) => Promise<void>,
    after?: number,
    beliefs?: { doubts?: Doubts | undefined; claimed?: OrphanedPack[] | undefined },
  ): Promise<PointWriter>;
  /**
   * After this nothing can be committed any more that a cycle began to read before: the head is written anew,
   * as it is. Whoever looks at the head from then on sees all that was written to the repository before.
   */
  fence(): Promise<void>;
  /**
   * What isn't there, or not as long as it was, of the map of this point; no content is read. The next writer
   * goes by the names of points that were seen with it.
   */
  lostMaps(point: Point): Promise<Omit<DamagedObject, 'since'>[]>;
  /** Packs that the index in force doesn't name, in the order in which they were written. */
  orphanedPacks(): Promise<OrphanedPack[]>;
  /** Points that no pruner is removing, by when the store got them (ms since the epoch); none is read. */
  dated(): Promise<{ id: string; generation: number; at: number }[]>;
  /** Those of them that no pruner is about to remove; to be asked once the lease claims them. */
  unmarked(packs: OrphanedPack[]): Promise<OrphanedPack[]>;
  readonly damage: DamageStore;
  /** Access to the lease object. */
  lease: {
    /** Throws a Failure `damaged-object` when what is there is not a lease. */
    read(): Promise<{ value: LeaseValue; etag: string; modified: number } | undefined>;
    /** What the store says about it, without its content. */
    stat(): Promise<{ etag: string; modified: number } | undefined>;
    write(
      value: LeaseValue,
      etag: string | undefined,
      signal?: AbortSignal,
    ): Promise<{ etag: string } | 'lost-race'>;
  };
}

/**
 * Documents in the repository beside the points: what has to be there when home isn't. Each is sealed like
 * everything else and written once, under a subject (a plan's name, say; object names don't tell it), a
 * series, and a number.
 */
export interface RecordStore {
  /** False when there is one of that number already: somebody was faster. */
  add(subject: string, series: string, number: number, value: unknown): Promise<boolean>;
  /** Numbers that there are, ascending. */
  numbers(subject: string, series: string): Promise<number[]>;
  /** Undefined when there is none. Throws a `damaged-object` Failure. */
  read(subject: string, series: string, number: number): Promise<unknown>;
}

/**
 * Notes in the repository that change, for people and for those who share work: what a mover does, which
 * alerts are open, what happened on a day. Each is sealed, and replaced only by whoever has seen it.
 */
export interface BoardStore {
  /** Those whose names begin so, in their order; `modified` as for `read`. */
  list(prefix: string): Promise<{ name: string; modified: number }[]>;
  /** `modified`: ms since the epoch, by the store's clock. Throws a `damaged-object` Failure. */
  read(name: string): Promise<{ value: unknown; etag: string; modified: number } | undefined>;
  /** `etag`: of the note that it replaces; undefined: there is none. Gives the new one, unless too late. */
  write(name: string, value: unknown, etag: string | undefined): Promise<string | undefined>;
  /** Of a note, readable or not; undefined: there is none. */
  etag(name: string): Promise<string | undefined>;
  remove(name: string): Promise<void>;
}

export interface Repository {
  readonly id: string;
  readonly store: ObjectStore;
  readonly encrypted: boolean;
  readonly records: RecordStore;
  readonly board: BoardStore;
  readonly conditions: Conditions;
  /** The id that these bytes, one whole block, have in this repository; all zero for zeros. */
  blockId(plaintext: Buffer): BlockId;
  /** `over`: what its objects are read and written through. */
  vm(uuid: string, over?: (store: ObjectStore) => ObjectStore): VmRepository;
  /**
   * VMs that have at least one point, with the name of the newest. Those that can't be read go to
   * `onDamage` and are left out; without it the Failure is thrown.
   */
  vms(onDamage?: OnDamage): Promise<{ uuid: string; name: string }[]>;
  /**
   * UUIDs of all VMs that were ever replicated to it, also of those without a point, and of those that the
   * roster lost and of which a point can be read; `onDamage` as in `vms`. Two listings, a request for each.
   */
  enrolled(onDamage?: OnDamage): Promise<string[]>;
}
