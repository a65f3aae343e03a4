import type { Changes, Signal } from '../model/point.ts';

const MIB = 2 ** 20;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A gap that is shorter says little about how much changes in an hour, ms. */
const SHORTEST = HOUR / 4;
/** Points that are compared with, and days of which the most is known: a month and its patch day. */
const RECENT = 32;
const DAYS = 40;
/** Without as many points nobody can say what is usual. */
const ENOUGH = 8;
/** What a VM at rest may change in an hour, bytes: less than that usual doesn't make much of little. */
const QUIET = 128 * MIB;
/** How many times the usual, and how many times the most of a day, is a jump. */
const TIMES_USUAL = 64;
const TIMES_USUAL_DENSE = 4;
const TIMES_MOST = 2;
/**
 * Of what was read so much is stored when nothing can be compressed, and when something usually can. A cycle
 * of files as they are on a server stores 0.26 to 0.53 of them, what is encrypted 1: with the usual beside
 * it, four times as much comes to 0.85. docs/replication.md has the figures.
 */
const DENSE = 0.85;
const COMPRESSIBLE = 0.75;

/** Bytes from which a point can be one that needs somebody's look, by the size of its disks. */
const between = (least: number, share: number, most: number) => Math.min(most, Math.max(least, share));
const leastOfRate = (disks: number): number => between(1024 * MIB, disks / 10, 4096 * MIB);
const leastOfDense = (disks: number): number => between(256 * MIB, disks / 20, 2048 * MIB);

/** What a cycle found to have changed. */
export interface Change {
  /** The snapshot's creation, and that of the point before, ms since the epoch. */
  time: number;
  before: number;
  /** New content of blocks as it was read, and as it is stored, bytes. */
  bytes: number;
  stored: number;
  /** Bytes of all disks. */
  disks: number;
}

/**
 * What a point tells about its changes: whether they jumped, judged by what the points before it said, and
 * what those after it are to be judged by. Ransomware rewrites much of a disk in hours, and what it writes
 * can't be compressed. A month of patches doesn't do the one as much, nor the other; a first one that does is
 * known by the next.
 *
 * @param past of the point before; undefined: it said nothing, or there was none
 */
export function changesAfter(past: Changes | undefined, change: Change): Changes {
  const { time, bytes, stored } = change;
  const hours = Math.max(time - change.before, SHORTEST) / HOUR;
  const rate = Math.round(bytes / hours);
  const share = bytes === 0 ? 0 : Math.min(1, Math.round((100 * stored) / bytes) / 100);
  const signal = past && signalOf(past, { ...change, rate, share });
  const day = Math.floor(time / DAY);
  const dense = share >= DENSE ? rate : 0;
  const days = past?.days ?? [];
  const last = days.at(-1);
  const today: Changes['days'][number] =
    last?.[0] === day ? [day, Math.max(last[1], rate), Math.max(last[2], dense)] : [day, rate, dense];
  const earlier = days.filter(([one]) => one < day && one > day - DAYS);
  return {
    ...{ bytes, stored },
    ...(signal && { signal }),
    recent: [...(past?.recent ?? []), [rate, share] as [number, number]].slice(-RECENT),
    days: [...earlier, today],
  };
}

function signalOf(
  { recent, days }: Changes,
  { bytes, disks, rate, share }: Change & { rate: number; share: number },
): Signal | undefined {
  if (recent.length < ENOUGH) return undefined;
  const usual = Math.round(median(recent.map(([one]) => one)));
  const told = recent.filter(([one]) => one > 0).map(([, one]) => one);
  const usualShare = told.length > 0 ? median(told) : 0;
  const most = Math.max(0, ...days.map(([, one]) => one));
  const mostDense = Math.max(0, ...days.map(([, , one]) => one));
  const figures = { rate, usual, share, usual_share: usualShare };
  const base = Math.max(usual, QUIET);
  if (
    bytes >= leastOfDense(disks) &&
    share >= DENSE &&
    usualShare <= COMPRESSIBLE &&
    rate >= TIMES_USUAL_DENSE * base &&
    rate >= TIMES_MOST * mostDense
  )
    return { kind: 'incompressible', ...figures };
  if (bytes >= leastOfRate(disks) && rate >= TIMES_USUAL * base && rate >= TIMES_MOST * most)
    return { kind: 'change-rate', ...figures };
  return undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
