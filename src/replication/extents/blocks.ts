import { blockCount } from '../format/blocks.ts';
import type { Extent } from '../model/source.ts';

/** Consecutive blocks: `first` to `first + count`. */
export interface BlockRange {
  first: number;
  count: number;
}

/** Some blocks of a disk. */
export interface Blocks {
  /** Ascending and without repetition. */
  ranges(): Iterable<BlockRange>;
}

export interface BlockSet extends Blocks {
  add(extents: Iterable<Extent>): void;
  has(block: number): boolean;
  /** The same blocks, to be added to apart. */
  copy(): BlockSet;
}

/**
 * The blocks that the extents touch that are added, in any order. Takes one bit per block, however many
 * there are. Sizes in bytes; the last block of a disk whose capacity is not a multiple of `blockSize` is a
 * shorter one.
 */
export function blockSet(blockSize: number, capacity: number, from?: Uint8Array<ArrayBuffer>): BlockSet {
  const total = blockCount(capacity, blockSize);
  const bits = from ?? new Uint8Array(Math.ceil(total / 8));
  const has = (block: number) => ((bits[block >> 3]! >> (block & 7)) & 1) === 1;
  return {
    has,
    copy: () => blockSet(blockSize, capacity, bits.slice()),
    add(extents) {
      for (const { start, length } of extents) {
        const end = Math.min(Math.ceil((start + length) / blockSize), total);
        for (let block = Math.floor(start / blockSize); block < end; block++)
          bits[block >> 3]! |= 1 << (block & 7);
      }
    },
    *ranges() {
      for (let first = 0; first < total; first++) {
        if (!has(first)) continue;
        let end = first + 1;
        while (end < total && has(end)) end++;
        yield { first, count: end - first };
        first = end;
      }
    },
  };
}

/** Every block of a disk. */
export const allBlocks = (blockSize: number, capacity: number): Blocks => ({
  ranges: () => (capacity === 0 ? [] : [{ first: 0, count: blockCount(capacity, blockSize) }]),
});

/** Bytes of a range that are on the disk. */
export const rangeBytes = ({ first, count }: BlockRange, blockSize: number, capacity: number): number =>
  Math.min((first + count) * blockSize, capacity) - first * blockSize;
