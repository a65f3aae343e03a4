import { createHash } from 'node:crypto';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { BlockSource, BlockTarget } from '../../replication/model/source.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { addRange, contentOf, type Range, width, ZEROS } from './content.ts';
import type { Homeward, Way } from './differences.ts';

/** What of a disk was written, and what it has to be. */
export interface WrittenRanges {
  bytes: number;
  /** Ascending, none touching another. */
  ranges: Range[];
  /** SHA-256 of all of them, one after another; hex. */
  sha256: string;
}

/** Bytes that are read back at a time. */
const readBack = 4 * SNAPSHOT_BLOCK;

/**
 * Makes a disk at home what it is in EC2. Where both sides say what they changed, that is written; else all
 * of it is compared, and what differs is written. All of it lasts when this resolves.
 */
export async function writeRanges(
  target: BlockTarget,
  { of, way }: { of: Homeward; way: Way },
  store: SnapshotStore,
  signal?: AbortSignal,
): Promise<WrittenRanges> {
  const ranges: Range[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  const written = pipelined(way.blocks(signal), width, async block => {
    const { index, length } = block;
    const start = index * SNAPSHOT_BLOCK;
    const content = (await contentOf(store, of.snapshot, block, signal)) ?? ZEROS.subarray(0, length);
    if (way.mode === 'whole') {
      const there = Buffer.allocUnsafe(length);
      await target.readInto(there, start, signal);
      if (content.equals(there)) return undefined;
    }
    await target.write(start, content, signal);
    return { start, content };
  });
  for await (const one of written) {
    if (!one) continue;
    addRange(ranges, one.start, one.content.length);
    hash.update(one.content);
    bytes += one.content.length;
  }
  await target.flush(signal);
  return { bytes, ranges, sha256: hash.digest('hex') };
}

/** SHA-256 of ranges as they are read, one after another; hex. */
export async function digestOfRanges(
  source: BlockSource,
  ranges: readonly Range[],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(readBack);
  for (const [start, length] of ranges)
    for (let at = start; at < start + length; at += readBack) {
      const piece = buffer.subarray(0, Math.min(readBack, start + length - at));
      await source.readInto(piece, at, signal);
      hash.update(piece);
    }
  return hash.digest('hex');
}
