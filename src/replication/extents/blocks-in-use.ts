import { Failure } from '../../diagnostics/diagnostic.ts';
import { blockCount, isZero } from '../format/blocks.ts';
import { pipelined } from '../model/pipelined.ts';
import type { BlockSource, Extent } from '../model/source.ts';
import { allBlocks, type BlockRange, type Blocks, blockSet, rangeBytes } from './blocks.ts';

/** How many of the blocks that are said to be empty are read all the same: one of so many, and at most. */
const samples = { oneOf: 16, most: 64 };
/** So many at a time: elsewhere than on this machine each takes a moment. */
const readsAhead = 4;

export interface InUse {
  blocks: Blocks;
  /** Offset in bytes where the source was found to be wrong about zeros: everything is read then. */
  lie?: number;
  /** Why nobody said what is in use: everything is read then. */
  untold?: Failure;
}

/**
 * The blocks of a disk that may hold something else than zeros, as its source tells, or else `areas`, which
 * are in use; all of them where neither tells, or where a sample of the others isn't zeros.
 */
export async function blocksInUse(
  source: BlockSource,
  blockSize: number,
  areas?: AsyncIterable<Extent[]>,
  signal?: AbortSignal,
): Promise<InUse> {
  const all = allBlocks(blockSize, source.size);
  const blocks = blockSet(blockSize, source.size);
  try {
    const runs = await source.status?.(0, source.size, signal);
    if (runs) blocks.add(runs.filter(({ zero }) => !zero));
    else if (areas) for await (const some of areas) blocks.add(some);
    else return { blocks: all };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return { blocks: all, untold: error };
  }
  const sample = async (first: number) => {
    const content = Buffer.allocUnsafe(rangeBytes({ first, count: 1 }, blockSize, source.size));
    await source.readInto(content, first * blockSize, signal);
    return { first, isEmpty: isZero(content) };
  };
  const chosen = sampled(blocks, blockCount(source.size, blockSize));
  for await (const { first, isEmpty } of pipelined(chosen, readsAhead, sample))
    if (!isEmpty) return { blocks: all, lie: first * blockSize };
  return { blocks };
}

/** The blocks that aren't among `blocks`. */
function* gaps(blocks: Blocks, total: number): Generator<BlockRange> {
  let next = 0;
  for (const { first, count } of blocks.ranges()) {
    if (first > next) yield { first: next, count: first - next };
    next = first + count;
  }
  if (total > next) yield { first: next, count: total - next };
}

/** Some of the blocks that aren't among `blocks`, the first and the last of them too. */
function* sampled(blocks: Blocks, total: number): Generator<number> {
  let empty = 0;
  for (const { count } of gaps(blocks, total)) empty += count;
  const most = Math.min(samples.most, Math.ceil(empty / samples.oneOf) + 1, empty);
  const place = (sample: number) => (most === 1 ? 0 : Math.round((sample * (empty - 1)) / (most - 1)));
  let sample = 0;
  let before = 0;
  for (const { first, count } of gaps(blocks, total)) {
    for (; sample < most && place(sample) < before + count; sample++) yield first + place(sample) - before;
    before += count;
  }
}
