import { breachedAfter, dueAfter, type Timetable } from '../../schedule/due.ts';
import { longestGap } from '../../schedule/schedule.ts';
import type { Point } from '../model/point.ts';
import type { SourceDisk } from '../model/source.ts';

/** Why a VM is due, or is moved though it isn't. */
export type DueReason =
  /** It has no complete point. */
  | 'first-point'
  /** Its newest point is older than its schedule allows. */
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
 * One VM to be moved, as plain data: whoever moves it finds everything else in the manifests, at the source
 * and in the repository.
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
  /** When the recovery point objective is breached, ms since the epoch; `due` where it is already. */
  deadline: number;
}

/** When and why a VM is due, and how urgent that is. */
export type Due = Pick<DueJob, 'reason' | 'due' | 'deadline'>;

/** In the order in which they are moved; of those with one deadline, as they came. */
export const earliestDeadlineFirst = <T extends { job: Pick<DueJob, 'deadline'> }>(jobs: readonly T[]): T[] =>
  jobs.toSorted((a, b) => a.job.deadline - b.job.deadline);

/** What a VM and its newest point say about when it is due. */
export interface DueQuestion {
  /** Undefined: there is none. */
  newest: (Pick<Point, 'time'> & Partial<Pick<Point, 'disks'>>) | undefined;
  /** Those that the next point will hold; undefined: nobody has looked. */
  disks: readonly SourceDisk[] | undefined;
  timetable: Timetable;
  /** Milliseconds; undefined: none is declared. */
  rpo: number | undefined;
  /** See `dueAfter`. */
  phase?: number;
  /** By the clock that dates the points, ms since the epoch. */
  now: number;
}

/** When and why the VM is due, which may be in the future. */
export function dueOf({ newest, disks, timetable, rpo, phase, now }: DueQuestion): Due {
  if (!newest) return { reason: 'first-point', due: now, deadline: now };
  if (newest.time - now >= longestGap(timetable.schedule))
    return { reason: 'future-point', due: now, deadline: now };
  const deadline = breachedAfter(timetable, rpo, newest.time);
  if (disks && newest.disks && !holdsThese(newest.disks, disks))
    return { reason: 'disks-changed', due: now, deadline };
  return { reason: 'interval', due: dueAfter(timetable, newest.time, phase), deadline };
}

/** Whether the point holds exactly these disks in their present size. */
const holdsThese = (those: Point['disks'], disks: readonly SourceDisk[]): boolean =>
  those.length === disks.length &&
  disks.every(disk => those.some(held => held.identity === disk.identity && held.bytes === disk.capacity));
