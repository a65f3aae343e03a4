import { blockCount } from '../format/blocks.ts';
import type { Extent } from '../source.ts';

/** Consecutive blocks: `first` to `first + count`. */
export interface BlockRange {
  first: number;
  count: number;
}

/**
 * The blocks that normalised extents touch, ascending and without repetition. Sizes in bytes; the
 * last block of a disk whose capacity is no multiple of `blockSize` is a shorter one.
 */
export function toBlocks(extents: readonly Extent[], blockSize: number, capacity: number): BlockRange[] {
  const total = blockCount(capacity, blockSize);
  const ranges: BlockRange[] = [];
  for (const { start, length } of extents) {
    const first = Math.floor(start / blockSize);
    const end = Math.min(Math.ceil((start + length) / blockSize), total);
    const last = ranges.at(-1);
    if (last !== undefined && first <= last.first + last.count)
      last.count = Math.max(last.count, end - last.first);
    else if (first < end) ranges.push({ first, count: end - first });
  }
  return ranges;
}

/** Every block of a disk. */
export const allBlocks = (blockSize: number, capacity: number): BlockRange[] =>
  capacity === 0 ? [] : [{ first: 0, count: blockCount(capacity, blockSize) }];

/** Bytes of a range that lie on the disk. */
export const rangeBytes = ({ first, count }: BlockRange, blockSize: number, capacity: number): number =>
  Math.min((first + count) * blockSize, capacity) - first * blockSize;
