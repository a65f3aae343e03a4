import type { Point } from '../model/repository.ts';
import type { SourceDisk } from '../model/source.ts';

/**
 * A scheduler that fires each interval finds a point that is younger by the seconds which its snapshot
 * took to come about. Without this thirtieth of the interval it would make every second point only.
 */
const earliness = 30;

/** Why a VM is due, or is moved though it isn't. */
export type DueReason =
  /** It has no complete point. */
  | 'first-point'
  /** Its newest point is older than the interval of its schedule. */
  | 'interval'
  /** Its newest point is in the future, so nothing can be said about its age. */
  | 'future-point'
  /** It has other disks, or disks of other sizes, than its newest point. */
  | 'disks-changed'
  /** Something else than its points has to be put right: tracking that is off, a snapshot that was left. */
  | 'repair'
  /** Somebody asked for it, due or not. */
  | 'asked';

/**
 * One VM to be moved, as plain data that may wait in a queue: whoever moves it finds everything else in the
 * manifests, at the source and in the repository.
 */
export interface DueJob {
  /** Identity of the vSphere target. */
  target: string;
  /** Instance UUID. */
  vm: string;
  /** Id of the repository. */
  repository: string;
  /** SHA-256 (hex) of the declared resource: a mover whose manifests say something else must not move it. */
  resource: string;
  reason: DueReason;
  /** Since when, ms since the epoch. */
  due: number;
}

/** In the order in which they are moved; of those that are due since the same moment, as they came. */
export const longestDueFirst = <T extends { job: DueJob }>(jobs: readonly T[]): T[] =>
  jobs.toSorted((a, b) => a.job.due - b.job.due);

/** What a VM and its newest point say about when it is due. */
export interface Schedule {
  /** Undefined: there is none. */
  newest: Point | undefined;
  /** Those that the next point will hold. */
  disks: readonly SourceDisk[];
  /** Between two points, ms. */
  interval: number;
  /** By the clock that dates the points, ms since the epoch. */
  now: number;
}

/** When and why the VM is due, which may be in the future. */
export function dueOf({ newest, disks, interval, now }: Schedule): Pick<DueJob, 'reason' | 'due'> {
  if (!newest) return { reason: 'first-point', due: now };
  if (newest.time - now >= interval) return { reason: 'future-point', due: now };
  if (!holdsThese(newest, disks)) return { reason: 'disks-changed', due: now };
  return { reason: 'interval', due: newest.time + interval - interval / earliness };
}

/** Whether the point holds exactly these disks in their present size. */
const holdsThese = (point: Point, disks: readonly SourceDisk[]): boolean =>
  point.disks.length === disks.length &&
  disks.every(disk =>
    point.disks.some(held => held.identity === disk.identity && held.bytes === disk.capacity),
  );
