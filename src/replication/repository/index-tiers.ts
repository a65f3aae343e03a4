import { INDEX_ENTRY } from '../format/index-object.ts';
import type { Segment } from '../format/root.ts';

/** An index object of this many bytes is left as it is; smaller ones are merged. */
export const LARGE = 8 * 2 ** 20;
/** Small index objects in force at most: a reader asks each of them for every page. */
const MOST_SMALL = 16;
const FEWEST_MERGED = 4;

/**
 * The index objects (of `segments`, oldest first) that this commit's own replaces, merged with its
 * `entries` new entries; none while they are few. Size-tiered: from the newest back, as long as the
 * next isn't more than twice what has gathered, so that an entry is copied a logarithmic number of times.
 */
export function chooseMerge(segments: Segment[], entries: number): Segment[] {
  const small = segments.filter(s => s.bytes < LARGE);
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
