import type { Level } from './check-memory.ts';
import type { Point } from './repository.ts';

/** The true label of a point: what the snapshot really achieved, not what was asked. */
export type Consistency = 'application' | 'file-system' | 'crash';
/** How a disk's blocks were found in the cycle that made the point. */
export type Mode = 'full' | 'incremental' | 'rescan';

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
  /** Change tracking had left out what it should have told when this was made: its content may be wrong. */
  suspect?: true;
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
  consistency: Consistency;
  mode: Mode;
  reason: string;
  stored?: number;
}

/** How thorough each is, the least first. */
const order: Mode[] = ['incremental', 'rescan', 'full'];

/** A point's mode is the most thorough of its disks', with that disk's reason. */
export function leadingMode({ disks }: Pick<Point, 'disks'>): { mode: Mode; reason: string } {
  const leading = disks.toSorted((a, b) => order.indexOf(b.mode) - order.indexOf(a.mode))[0];
  return { mode: leading?.mode ?? 'full', reason: leading?.reason ?? '' };
}
