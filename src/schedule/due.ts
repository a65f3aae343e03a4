import { createHash } from 'node:crypto';
import type { Window } from '../engine/model/catalog.ts';
import { opensAt } from '../engine/model/window.ts';
import { nextRun } from './cron.ts';
import type { Schedule } from './schedule.ts';

/**
 * Whoever fires each interval finds a point that is younger by the seconds which its snapshot took to come
 * about. Without this thirtieth of the interval every second point alone would be made.
 */
const earliness = 30;

/** When points of one VM are to be made. All times are ms since the epoch, by the clock that dates points. */
export interface Timetable {
  schedule: Schedule;
  /** That of cron lines and times of day, an IANA name. */
  timezone: string;
  /** Cycles begin in one window of each of these lists alone. */
  windows: readonly (readonly Window[])[];
}

/**
 * From when on a VM is due whose newest point is of `newest`: one moment, however long nobody looked, so
 * that a day of downtime is made good by one cycle. Whether a window is open by then is another question.
 *
 * @param phase a place in the interval, from 0 to 1: within a thirtieth of the interval the moment is moved
 *   towards it, so that VMs that began together drift apart. Without, it is the earliest.
 */
export function dueAfter({ schedule, timezone }: Timetable, newest: number, phase?: number): number {
  if ('cron' in schedule) return nextRun(schedule.cron, timezone, newest) ?? Number.POSITIVE_INFINITY;
  const { every } = schedule;
  const latest = newest + every;
  const earliest = latest - every / earliness;
  if (phase === undefined) return earliest;
  const slot = Math.floor((latest - phase * every) / every) * every + phase * every;
  return slot > earliest ? slot : earliest;
}

/** When the next cycle may begin: due, and its windows open. */
export const runsAfter = (timetable: Timetable, newest: number, phase?: number): number => {
  const due = dueAfter(timetable, newest, phase);
  return Number.isFinite(due) ? opensAt(timetable.windows, due) : due;
};

/**
 * When the recovery point objective of a VM is breached whose newest point is of `newest`: after `rpo` ms,
 * or, where none is declared, once the second run after that point should have begun.
 */
export function breachedAfter(timetable: Timetable, rpo: number | undefined, newest: number): number {
  if (rpo !== undefined) return newest + rpo;
  const whole = (time: number): number => {
    const { schedule } = timetable;
    const due = 'every' in schedule ? time + schedule.every : dueAfter(timetable, time);
    return Number.isFinite(due) ? opensAt(timetable.windows, due) : due;
  };
  return whole(whole(newest));
}

/** Where in an interval a VM has its place, from 0 to 1, by its UUID: spread evenly, and always the same. */
export function phaseOf(uuid: string): number {
  return createHash('sha256').update(uuid).digest().readUInt32BE() / 2 ** 32;
}
