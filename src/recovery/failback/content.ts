import { pipelined } from '../../replication/model/pipelined.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import type { Homeward } from './differences.ts';

/** Offset and length on a disk, bytes. */
export type Range = [start: number, length: number];

/** Blocks that are read at once. */
export const width = 16;

/** As many zeros as a block has bytes. */
export const ZEROS = Buffer.alloc(SNAPSHOT_BLOCK);

/** What a block holds of its disk; undefined: nothing but zeros. */
export async function contentOf(
  store: SnapshotStore,
  snapshot: string,
  { index, length, token }: { index: number; length: number; token?: string },
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  if (token === undefined) return undefined;
  const content = (await store.get(snapshot, index, token, signal)).subarray(0, length);
  return content.equals(ZEROS.subarray(0, length)) ? undefined : content;
}

/** All bytes of a disk as it is in EC2, without the padding. */
export async function* wholeDisk(
  store: SnapshotStore,
  { disk, snapshot }: Homeward,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const lengthOf = (index: number) => Math.min(SNAPSHOT_BLOCK, disk.bytes - index * SNAPSHOT_BLOCK);
  let next = 0;
  const read = pipelined(store.blocks(snapshot, signal), width, async ({ index, token }) => ({
    index,
    content:
      lengthOf(index) > 0
        ? await contentOf(store, snapshot, { index, length: lengthOf(index), token }, signal)
        : undefined,
  }));
  for await (const { index, content } of read) {
    if (lengthOf(index) <= 0) continue;
    while (next < index) yield Buffer.alloc(lengthOf(next++));
    yield content ?? Buffer.alloc(lengthOf(index));
    next = index + 1;
  }
  while (lengthOf(next) > 0) yield Buffer.alloc(lengthOf(next++));
}

/** Adds to ranges that ascend; those that touch become one. */
export function addRange(ranges: Range[], start: number, length: number): void {
  const last = ranges.at(-1);
  if (last && last[0] + last[1] === start) last[1] += length;
  else ranges.push([start, length]);
}
