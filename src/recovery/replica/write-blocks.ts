import { createHash, hash } from 'node:crypto';
import { eitherOf } from '../../io/either.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { DiskReader } from '../../replication/model/repository.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { repositoryBlocks } from './changed-blocks.ts';

/**
 * Blocks that are read together, 4 MiB, which is one request to the repository where they lie side by side;
 * how many such windows are read ahead, and how many are being put: 64 blocks, as many as EBS direct is asked
 * for at a time. All of them are 44 MiB, however large the disk is.
 */
const windowBlocks = 8;
const reading = 3;
const putting = 8;

export interface Written {
  count: number;
  /** Of all that was put: SHA-256 over the SHA-256 of each, in order. */
  checksum: string;
}

/** Whole blocks of the snapshot, one after another in one buffer, with the SHA-256 of those that have it. */
interface Window {
  numbers: readonly number[];
  bytes: Buffer;
  digests: (Buffer | undefined)[];
}

const blockOf = ({ bytes }: Window, n: number) =>
  bytes.subarray(n * SNAPSHOT_BLOCK, (n + 1) * SNAPSHOT_BLOCK);

/**
 * Reads these blocks of a point and puts them into a pending snapshot. Some windows are read while others are
 * put, in buffers that are used again. A buffer that a call which was given up still sends from does no harm
 * then: EBS refuses bytes that aren't those of the digest. Zeros follow the disk's end.
 */
export async function writeBlocks(
  reader: DiskReader,
  blocks: AsyncIterable<number>,
  into: { store: SnapshotStore; id: string; signal?: AbortSignal; onPut?: (blocks: number) => void },
): Promise<Written> {
  const { store, id, signal, onPut } = into;
  const stop = new AbortController();
  const { signal: either, release } = eitherOf(stop.signal, signal);
  const checksum = createHash('sha256');
  const spare: Buffer[] = [];
  let count = 0;
  const under: Promise<void>[] = [];

  const read = (numbers: readonly number[]) =>
    readInto(spare.pop() ?? Buffer.allocUnsafeSlow(windowBlocks * SNAPSHOT_BLOCK), reader, numbers, either);
  const put = async (window: Window) => {
    const { numbers, bytes, digests } = window;
    const puts = numbers.map(async (index, n) => {
      await store.put(id, index, blockOf(window, n), digests[n]!, either);
      onPut?.(1);
    });
    try {
      await Promise.all(puts);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(puts);
      throw error;
    }
    spare.push(bytes);
  };
  try {
    for await (const window of pipelined(inWindows(blocks), reading, read)) {
      const digests = window.numbers.map((_, n) => window.digests[n] ?? ebsChecksum(blockOf(window, n)));
      for (const digest of digests) checksum.update(digest);
      count += digests.length;
      const run = put({ ...window, digests });
      run.catch(() => {}); // awaited in its turn
      under.push(run);
      if (under.length >= putting) await under.shift();
    }
    while (under.length > 0) await under.shift();
    return { count, checksum: checksum.digest('base64') };
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(under);
    throw error;
  } finally {
    release();
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

/** These blocks of the snapshot, whole, by their number. */
export async function readWindow(
  reader: DiskReader,
  numbers: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, Buffer>> {
  const window = await readInto(Buffer.alloc(numbers.length * SNAPSHOT_BLOCK), reader, numbers, signal);
  return new Map(numbers.map((number, n) => [number, blockOf(window, n)]));
}

/** `bytes`: with room for all of them; what was in it before doesn't matter. */
async function readInto(
  bytes: Buffer,
  reader: DiskReader,
  numbers: readonly number[],
  signal?: AbortSignal,
): Promise<Window> {
  const { blockSize, blocks } = reader.map;
  const perBlock = SNAPSHOT_BLOCK / blockSize;
  const place = new Map(numbers.map((number, n) => [number, n]));
  const digests: Window['digests'] = [];
  for await (const block of reader.blocks(repositoryBlocks(reader.map, numbers), signal)) {
    const n = place.get(Math.floor(block.index / perBlock))!;
    const at = n * SNAPSHOT_BLOCK + (block.index % perBlock) * blockSize;
    block.bytes.copy(bytes, at);
    if (block.index === blocks - 1) bytes.fill(0, at + block.bytes.length, (n + 1) * SNAPSHOT_BLOCK);
    if (block.bytes.length === SNAPSHOT_BLOCK) digests[n] = block.sha256;
  }
  return { numbers, bytes, digests };
}

// Node 22 takes no object of options here.
const ebsChecksum = (bytes: Buffer) => hash('sha256', bytes, 'buffer');
