import { createHash } from 'node:crypto';
import type { DiskReader } from '../../replication/model/repository.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { repositoryBlocks } from './changed-blocks.ts';

/** Blocks that are read together, 16 MiB, and how many such windows are in memory at most. */
const windowBlocks = 32;
const windows = 3;

export interface Written {
  count: number;
  /** Of all that was put: SHA-256 over the SHA-256 of each, in order. */
  checksum: string;
}

/**
 * Reads these blocks of a point and puts them into a pending snapshot. Blocks of one window are put at a
 * time, and the next windows are read meanwhile; memory doesn't grow with the disk. Zeros follow the disk's
 * end.
 */
export async function writeBlocks(
  reader: DiskReader,
  blocks: AsyncIterable<number>,
  into: { store: SnapshotStore; id: string; signal?: AbortSignal; onPut?: (blocks: number) => void },
): Promise<Written> {
  const { store, id, signal, onPut } = into;
  const stop = new AbortController();
  const either = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const checksum = createHash('sha256');
  let count = 0;
  const under: Promise<void>[] = [];

  const put = async (window: Map<number, Buffer>) => {
    await Promise.all(
      [...window].map(async ([index, bytes]) => {
        await store.put(id, index, bytes, digests.get(index)!, either);
        digests.delete(index);
        onPut?.(1);
      }),
    );
  };
  const digests = new Map<number, Buffer>();
  try {
    for await (const numbers of inWindows(blocks)) {
      const window = await readWindow(reader, numbers, either);
      for (const index of numbers) {
        const digest = createHash('sha256').update(window.get(index)!).digest();
        digests.set(index, digest);
        checksum.update(digest);
      }
      count += numbers.length;
      const putting = put(window);
      putting.catch(() => {}); // awaited in its turn
      under.push(putting);
      if (under.length >= windows - 1) await under.shift();
    }
    while (under.length > 0) await under.shift();
    return { count, checksum: checksum.digest('base64') };
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(under);
    throw error;
  }
}

async function* inWindows(blocks: AsyncIterable<number>): AsyncGenerator<number[]> {
  let window: number[] = [];
  for await (const block of blocks) {
    window.push(block);
    if (window.length < windowBlocks) continue;
    yield window;
    window = [];
  }
  if (window.length > 0) yield window;
}

/** These blocks of the snapshot, whole. */
export async function readWindow(
  reader: DiskReader,
  numbers: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, Buffer>> {
  const { blockSize } = reader.map;
  const perBlock = SNAPSHOT_BLOCK / blockSize;
  const window = new Map(numbers.map(number => [number, Buffer.alloc(SNAPSHOT_BLOCK)]));
  for await (const { index, bytes } of reader.blocks(repositoryBlocks(reader.map, numbers), signal))
    bytes.copy(window.get(Math.floor(index / perBlock))!, (index % perBlock) * blockSize);
  return window;
}
