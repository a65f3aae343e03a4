import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { bytes } from '../../io/units.ts';

/** How much of all packs is read: a share of their bytes above 0 and up to 100, or a number of bytes. */
export type Sample = { percent: number } | { bytes: number };

export interface Candidate {
  key: string;
  bytes: number;
  /** Place in the order of reading; left out: never read. */
  turn?: number;
}

/**
 * The packs to read within `budget` bytes: those never read first, then those that were read longest ago, and
 * none past the first that doesn't fit, whose turn comes first in the next run. So with a budget that the
 * largest fits into, two runs in a row read more than one budget, and every pack has its turn.
 */
export function choose(candidates: readonly Candidate[], budget: number): Candidate[] {
  const turns = candidates.toSorted(
    (a, b) => (a.turn ?? -1) - (b.turn ?? -1) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );
  const chosen: Candidate[] = [];
  let left = budget;
  for (const one of turns) {
    if (one.bytes > left) break;
    left -= one.bytes;
    chosen.push(one);
  }
  return chosen;
}

/**
 * Bytes to read. A share is never less than the largest pack, or a small repository would never be read; a
 * number of bytes that is less is refused, since it must not be exceeded.
 */
export function budgetOf(sample: Sample, candidates: readonly Candidate[]): number {
  const total = candidates.reduce((sum, one) => sum + one.bytes, 0);
  const largest = candidates.reduce((most, one) => Math.max(most, one.bytes), 0);
  if ('percent' in sample) return Math.max(largest, Math.floor((total * sample.percent) / 100));
  if (sample.bytes >= largest) return sample.bytes;
  throw new Failure(
    given(
      'bad-sample',
      `--sample: ${bytes(sample.bytes)} are less than the largest pack, ${bytes(largest)}, so that not all would have their turn`,
      { hint: `expected ${Math.ceil(largest / 2 ** 20)}MiB at least, or a share, as in --sample 5%` },
    ),
  );
}
