import { ID_BYTES } from '../../format/blocks.ts';
import { INDEX_ENTRY } from '../../format/index-object.ts';
import type { Segment } from '../../format/root.ts';

/** Entries of one commit held in memory before they are written: about 20 MiB. */
export const MOST_PENDING = 2 ** 17;
/**
 * An index object of this many bytes is left as it is; smaller ones are merged. What is written because
 * so many entries were pending is never smaller: ids don't compress. A commit after a full one of many
 * TiB would else write all of its index again.
 */
export const LARGE = MOST_PENDING * ID_BYTES;
/** Small index objects in force at most, newer than the last large one: a reader asks each for every page. */
const MOST_SMALL = 16;
const FEWEST_MERGED = 4;

/**
 * The index objects (of `segments`, oldest first) that this commit's own replaces, merged with its
 * `entries` new entries; none while they are few. Always the newest ones without a gap, since the last
 * object wins: an entry that moved past a newer one would hide it. Size-tiered: from the newest back, as
 * long as the next isn't more than twice what has gathered, so that an entry is copied a logarithmic
 * number of times.
 */
export function chooseMerge(segments: Segment[], entries: number): Segment[] {
  const small = segments.slice(segments.findLastIndex(s => s.bytes >= LARGE) + 1);
  if (small.length < MOST_SMALL) return [];
  let gathered = entries * INDEX_ENTRY;
  const chosen: Segment[] = [];
  for (const segment of small.reverse()) {
    if (chosen.length >= FEWEST_MERGED && segment.bytes > 2 * gathered) break;
    chosen.unshift(segment);
    gathered += segment.bytes;
  }
  return chosen;
}
