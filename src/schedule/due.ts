import { createHash } from 'node:crypto';
import type { Window } from '../engine/model/catalog.ts';
import { longestClosed, longestOpen, opensAt } from '../engine/model/window.ts';
import { nextRun } from './cron.ts';
import { longestGap, type Schedule } from './schedule.ts';

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

/** How many runs show how far apart they get, and from when to when, ms: the first may be an odd one. */
const mostRuns = 3_000;
const shown = { from: 7 * 86_400_000, to: 22 * 86_400_000 };

/**
 * How far apart the two points are that are furthest, where every cycle begins as soon as it may and at the
 * best place in its window, ms. Where all of it is of one zone, by a clock that nobody changes. Infinity: its
 * windows are never open together.
 */
export function longestBetween(timetable: Timetable): number {
  const key = JSON.stringify(timetable);
  const known = apart.get(key);
  if (known !== undefined) return known;
  if (apart.size >= mostKnown) apart.clear();
  const found = computed(timetable);
  apart.set(key, found);
  return found;
}

/** What was worked out, since manifests say the same of many VMs, and are read again and again. */
const apart = new Map<string, number>();
const mostKnown = 1_000;

function computed({ schedule, ...rest }: Timetable): number {
  const zones = new Set(rest.windows.flat().map(({ timezone = 'UTC' }) => timezone));
  if ('cron' in schedule) zones.add(rest.timezone);
  const [windows, timezone] =
    zones.size > 1
      ? [rest.windows, rest.timezone]
      : [rest.windows.map(list => list.map(one => ({ ...one, timezone: 'UTC' }))), 'UTC'];
  const first = opensAt(windows, looksFrom);
  if (!Number.isFinite(first)) return first;
  const lists = windows.filter(list => list.length > 0);
  let longest = Math.max(longestGap(schedule), ...lists.map(longestClosed));
  if (lists.length === 0) return longest;
  const place = Math.min(longestGap(schedule), ...lists.map(longestOpen));
  for (let last = first, n = 0; n < mostRuns && last < first + shown.to; n++) {
    const next = runsAfter({ schedule, timezone, windows }, last);
    if (!Number.isFinite(next)) break;
    if (last >= first + shown.from) longest = Math.max(longest, next - last - place);
    last = next;
  }
  return longest;
}

/** Zones change their rules: a year of today's. */
const looksFrom = Date.UTC(2026, 0);

/** Where in an interval a VM has its place, from 0 to 1, by its UUID: spread evenly, and always the same. */
export function phaseOf(uuid: string): number {
  return createHash('sha256').update(uuid).digest().readUInt32BE() / 2 ** 32;
}
