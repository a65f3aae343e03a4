import type { MadePoint } from '../replication/model/point.ts';

/** A stretch of time, ms since the epoch. Of the time before the first point that is known nobody can say. */
export interface Stretch {
  from: number;
  to: number;
  state: 'kept' | 'breached' | 'unknown';
}

/** How a VM did over a time. */
export interface Track {
  uuid: string;
  repository: string;
  from: number;
  to: number;
  /** In ascending generation, with the one before `from`. */
  points: readonly MadePoint[];
  /** Without gaps from `from` to `to`; empty where nothing says how old a point may become. */
  stretches: readonly Stretch[];
  /**
   * Age of the newest point as a share of what it may become, at its worst in each of `PARTS` equal parts of
   * the time.
   */
  ages: readonly (number | undefined)[];
}

/** When the RPO is breached that a point of `time` keeps, as it is declared today. */
export type Deadline = (time: number) => number;

type Times = Pick<MadePoint, 'time' | 'complete'>;

/** Parts that `Track.ages` has. */
export const PARTS = 96;

/** The newest point that was there, and since when until when. */
interface Reign {
  time: number;
  from: number;
  to: number;
}

/** From which point a VM could be recovered at its best: the newest snapshot of those that were complete. */
function reigns(points: readonly Times[], to: number): Reign[] {
  const all: Reign[] = [];
  for (const { time, complete } of points.toSorted((a, b) => a.complete - b.complete)) {
    const last = all.at(-1);
    if (complete >= to || (last && time <= last.time)) continue;
    if (last) last.to = complete;
    all.push({ time, from: complete, to });
  }
  return all;
}

/**
 * When the newest point was young enough, and when it wasn't. What counts is when a point was complete: until
 * then a recovery would have had the one before.
 */
export function stretchesOf(
  points: readonly Times[],
  deadline: Deadline,
  from: number,
  to: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  const add = (begin: number, end: number, state: Stretch['state']): void => {
    const [first, last] = [Math.max(begin, from), Math.min(end, to)];
    if (first >= last) return;
    const before = stretches.at(-1);
    if (before?.state === state) before.to = last;
    else stretches.push({ from: first, to: last, state });
  };
  const all = reigns(points, to);
  add(from, all[0]?.from ?? to, 'unknown');
  for (const reign of all) {
    const until = Math.max(reign.from, Math.min(deadline(reign.time), reign.to));
    add(reign.from, until, 'kept');
    add(until, reign.to, 'breached');
  }
  return stretches;
}

/** @see Track.ages */
export function agesOf(
  points: readonly Times[],
  deadline: Deadline,
  from: number,
  to: number,
  parts = PARTS,
): (number | undefined)[] {
  const all = reigns(points, to);
  const width = (to - from) / parts;
  return Array.from({ length: parts }, (_, part) => {
    const [begin, end] = [from + part * width, from + (part + 1) * width];
    // An age only grows while a point reigns, so it is greatest at the end of that.
    const worst = all
      .filter(reign => reign.from < end && reign.to > begin)
      .map(({ time, to: until }) => (Math.min(until, end) - time) / (deadline(time) - time));
    return worst.length === 0 ? undefined : Math.max(0, ...worst);
  });
}

export interface Attainment {
  /** Of the time that anything is known of, from 0 to 1; undefined: nothing is known. */
  share?: number;
  /** Milliseconds that anything is known of. */
  known: number;
  breaches: number;
  /** Milliseconds. */
  longest: number;
}

/** Over all stretches together. */
export function attainmentOf(stretches: readonly Stretch[]): Attainment {
  const lengths = (state: Stretch['state']) =>
    stretches.filter(one => one.state === state).map(one => one.to - one.from);
  const sum = (all: number[]) => all.reduce((total, one) => total + one, 0);
  const [kept, breached] = [lengths('kept'), lengths('breached')];
  const known = sum(kept) + sum(breached);
  return {
    ...(known > 0 && { share: sum(kept) / known }),
    known,
    breaches: breached.length,
    longest: Math.max(0, ...breached),
  };
}
