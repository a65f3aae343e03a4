import { type BlockRange, type Blocks, rangeBytes } from '../extents/blocks.ts';
import { pipelined } from '../model/pipelined.ts';
import type { DiskWriter } from '../model/point-writer.ts';
import type { BlockSource } from '../model/source.ts';

/** Bytes per read: half of what a vCenter's proxy serves without running out of buffers. */
const readSize = 1 << 20;
const readsAhead = 4;

/**
 * Reads `blocks` from the frozen disk and puts them in ascending order. Every put is awaited in turn, reads
 * run ahead of it, into a few buffers that are used again. `bytes`: size of the disk.
 */
export async function copyBlocks(
  source: BlockSource,
  writer: DiskWriter,
  blocks: Blocks,
  bytes: number,
  options: { signal?: AbortSignal | undefined; onRead?: (bytes: number) => void } = {},
): Promise<{ bytes_read: number; blocks_read: number }> {
  const { signal, onRead } = options;
  const { blockSize } = writer;
  const totals = { bytes_read: 0, blocks_read: 0 };
  // What failed is never read into again: then all of it ends.
  const free: Buffer[] = [];
  const read = async ({ first, count }: BlockRange) => {
    signal?.throwIfAborted();
    const buffer = free.pop() ?? Buffer.allocUnsafeSlow(Math.max(readSize, blockSize));
    const content = buffer.subarray(0, rangeBytes({ first, count }, blockSize, bytes));
    await source.readInto(content, first * blockSize, signal);
    return { first, count, content, buffer };
  };
  for await (const { first, count, content, buffer } of pipelined(
    chunks(blocks.ranges(), blockSize),
    readsAhead,
    read,
  )) {
    await unlessAborted(writer.put(first, content), signal);
    free.push(buffer);
    totals.bytes_read += content.length;
    totals.blocks_read += count;
    onRead?.(content.length);
  }
  return totals;
}

/** `work`, or a rejection once aborted: a put may wait minutes for its store. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

function* chunks(ranges: Iterable<BlockRange>, blockSize: number): Generator<BlockRange> {
  const most = Math.max(1, Math.floor(readSize / blockSize));
  for (const { first, count } of ranges)
    for (let done = 0; done < count; done += most)
      yield { first: first + done, count: Math.min(most, count - done) };
}
