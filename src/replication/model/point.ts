import type { Level } from './check-memory.ts';
import type { WhyBroken } from './damage-record.ts';
import type { MachineRecord } from './machine.ts';

/** The true label of a point: what the snapshot really achieved, not what was asked. */
export type Consistency = 'application' | 'file-system' | 'crash';
/** How a disk's blocks were found in the cycle that made the point. */
export type Mode = 'full' | 'incremental' | 'rescan';

/** What a jump in a VM's changes can be. */
export const SIGNALS = {
  'change-rate': 'far more changed than ever does',
  incompressible: 'much was rewritten with what can not be compressed',
} as const;
export type SignalKind = keyof typeof SIGNALS;

/** The changes of a VM jumped: somebody may be encrypting it. */
export interface Signal {
  kind: SignalKind;
  /** Bytes that changed an hour, and the median of the points before. */
  rate: number;
  usual: number;
  /** What was stored of what was read, 0 to 1, and the same. */
  share: number;
  usual_share: number;
}

/** How much a point says that changed, and what the next is judged by. */
export interface Changes {
  /** New content of blocks as it was read, and as it is stored. */
  bytes: number;
  stored: number;
  signal?: Signal;
  /** Of the points up to this one: bytes an hour, and what was stored of what was read. */
  recent: [rate: number, share: number][];
  /**
   * Of days (since 1970, UTC) up to this point: the most of any point, and of any that was incompressible.
   */
  days: [day: number, rate: number, dense: number][];
}

/** A disk as one point holds it. */
export interface PointDisk {
  index: number;
  key: number;
  label: string;
  identity: string;
  /** Bytes; need not be a multiple of `blockSize`, the last block is then shorter. */
  bytes: number;
  /** Power of two, see `blockSizeFor`. */
  blockSize: number;
  /** Change id that the NEXT cycle passes on. Stored nowhere else: that is what makes it safe. */
  changeId?: string;
  mode: Mode;
  reason: string;
}

/** A sealed object that points share while what it holds stays the same. */
export interface BundleRef {
  id: string;
  /** SHA-256 of its content, hex. */
  digest: string;
  /** Bytes of the object as stored. */
  bytes: number;
}

/** The immutable root of a recovery point. Depends on no other point. */
export interface Point {
  id: string;
  vm: { name: string; uuid: string };
  generation: number;
  epoch: number;
  /** Milliseconds since the epoch: creation of the snapshot. */
  time: number;
  consistency: Consistency;
  /** The machine as the snapshot froze it; points of older versions don't say. */
  machine?: MachineRecord;
  /**
   * What a recovery needs besides the disks; null: nothing was declared; points of older versions don't say.
   */
  bundle?: BundleRef | null;
  /** Bytes of packs, pages and index that were written for it; not known of points by older versions. */
  stored?: number;
  /**
   * When all that the newest point needed was last seen to be there, ms since the epoch; points of older
   * versions don't say.
   */
  presence?: number;
  /**
   * How much changed since the point before; absent where a disk was read whole, which says nothing about
   * that.
   */
  changes?: Changes;
  /** Until when what was written for it was locked then, ms since the epoch; absent: not at all. */
  locked?: number;
  disks: PointDisk[];
  /** Disks of the VM that this point leaves out, and why, so that nobody thinks they are protected. */
  left_out: { label: string; identity: string; why: string }[];
  /**
   * Others' snapshots that the VM had when the point was made, oldest first, by name and ms since the epoch;
   * `below`: names of those that one was made on. Points of older versions don't say.
   */
  snapshots?: { name: string; created: number; below?: string[] }[];
}

/** One recovery point as `converge points` prints it. */
export interface PointSummary {
  id: string;
  vm: { name: string; uuid: string };
  generation: number;
  /** RFC 3339, the snapshot's creation: the age that an RPO counts from. */
  time: string;
  consistency: Consistency;
  mode: Mode;
  /** Why a mode other than incremental was taken: `first-cycle`, `change-id-epoch`, ... */
  reason: string;
  /** Bytes that it added to the repository; not known of points made by older versions. */
  stored?: number;
  /** Who keeps it from being removed. */
  pinned?: string[];
  /** It is known that it can't be restored. */
  broken?: true;
  /** Why, as a cycle has said that could not heal it: its object, a page of its map, or content is lost. */
  broken_why?: WhyBroken;
  /** Change tracking had left out what it should have told when this was made: its content may be wrong. */
  suspect?: true;
  /** The changes that it holds jumped. */
  signal?: SignalKind;
  /** RFC 3339: until when what it needs is locked, as far as is known. */
  locked_until?: string;
  /** RFC 3339: when all that it needed was last seen to be there before it was made. */
  presence?: string;
  /** Of a VM's newest point alone: when verifications of the VM last looked to which depth, RFC 3339. */
  verified?: Partial<Record<Level, string>>;
  disks: { index: number; key: number; bytes: number }[];
}

/** How a point came about. Times are ms since the epoch. */
export interface MadePoint {
  id: string;
  generation: number;
  /** The snapshot's creation. */
  time: number;
  /**
   * When it could be recovered from, by the clock of the store. Never later than the next point's snapshot,
   * which was taken after it: a repository that was copied has objects younger than that.
   */
  complete: number;
  signal?: SignalKind;
  consistency: Consistency;
  mode: Mode;
  reason: string;
  stored?: number;
}

/** How thorough each is, the least first. */
const order: Mode[] = ['incremental', 'rescan', 'full'];

/** A point's mode is the most thorough of its disks', with that disk's reason. */
export function leadingMode({ disks }: { disks: readonly { mode: Mode; reason: string }[] }): {
  mode: Mode;
  reason: string;
} {
  const leading = disks.toSorted((a, b) => order.indexOf(b.mode) - order.indexOf(a.mode))[0];
  return { mode: leading?.mode ?? 'full', reason: leading?.reason ?? '' };
}
