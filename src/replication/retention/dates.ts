import { type DamageRecord, isBroken } from '../model/damage-record.ts';
import type { Aged } from './decide.ts';

/** A point with the two dates that it has. */
export interface Dated {
  generation: number;
  /** Creation of its snapshot by the source's clock, ms since the epoch. */
  time: number;
  /** When the store got it, by the store's clock; undefined: not known. */
  arrived?: number;
}

/** Clocks of source and store may differ by this much, ms. */
const MOST_AHEAD = 24 * 3_600_000;

/**
 * The moments that points count for, in their order. Order is by generation: whoever writes a point with an
 * older date can't have it stand for an hour that is over. No date is later than that of the store, and a
 * copy of a repository, all of which a store got at once, keeps the dates of its points. `future`: it is
 * dated so far ahead of the store that its date says nothing.
 *
 * @param points in ascending generation
 */
export function datesOf(points: readonly Dated[]): { at: number; future: boolean }[] {
  let reached = Number.NEGATIVE_INFINITY;
  return points.map(({ time, arrived = time }) => {
    reached = Math.max(reached, Math.min(time, arrived));
    return { at: reached, future: time > arrived + MOST_AHEAD };
  });
}

/**
 * Points as retention sees them: for a plan that counts what would go, and for the pruner that removes it.
 *
 * @param points in ascending generation
 * @param head id of the point that the head names; where it can't be told, the newest stands for it
 */
export function agedOf<P extends { id: string; generation: number; time: number }>(
  points: readonly P[],
  {
    arrived,
    damage,
    pins,
    head = points.at(-1)?.id,
  }: {
    /** By id: when the store got it, ms since the epoch. */
    arrived: ReadonlyMap<string, number>;
    damage: DamageRecord | undefined;
    /** By id: who needs it. */
    pins: ReadonlyMap<string, string[]>;
    head?: string | undefined;
  },
): (P & Aged)[] {
  const dates = datesOf(
    points.map(({ generation, time, id }) => {
      const at = arrived.get(id);
      return { generation, time, ...(at !== undefined && { arrived: at }) };
    }),
  );
  return points.map((one, n) => ({
    ...one,
    ...dates[n]!,
    broken: isBroken(damage, one),
    pinned: pins.get(one.id) ?? [],
    head: one.id === head,
  }));
}
