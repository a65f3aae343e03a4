/** A point with the two dates that it has. */
export interface Dated {
  generation: number;
  /** Creation of its snapshot by the source's clock, ms since the epoch. */
  time: number;
  /** When the store got it, by the store's clock; undefined: not known. */
  stored?: number;
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
  return points.map(({ time, stored = time }) => {
    reached = Math.max(reached, Math.min(time, stored));
    return { at: reached, future: time > stored + MOST_AHEAD };
  });
}
