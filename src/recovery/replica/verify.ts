import { createHash } from 'node:crypto';
import type { Random } from '../../io/ports.ts';
import type { DiskReader } from '../../replication/model/repository.ts';
import type { SnapshotStore } from '../model/snapshots.ts';
import { changedBlocks } from './changed-blocks.ts';
import { readWindow } from './write-blocks.ts';

export interface SnapshotCheck {
  /** Blocks that the snapshot lists. */
  listed: number;
  /** Blocks that were read back and compared. */
  read: number;
  problems: { block: number; what: 'missing' | 'differs' }[];
}

/** Blocks that are read at once. */
const together = 16;

/**
 * Holds a snapshot against the disk of the point that it is of. Every block that isn't zero must be listed;
 * of those that are listed `sample` are read back, chosen at random, and compared byte by byte.
 *
 * @param sample how many; all when there are no more
 */
export async function verifySnapshot(
  reader: DiskReader,
  snapshot: string,
  options: { store: SnapshotStore; random: Random; sample: number; signal?: AbortSignal },
): Promise<SnapshotCheck> {
  const { store, random, sample, signal } = options;
  const problems: SnapshotCheck['problems'] = [];
  const wanted = changedBlocks(reader.map, undefined, signal);
  let next = await wanted.next();
  const chosen: { index: number; token: string }[] = [];
  let listed = 0;
  for await (const block of store.blocks(snapshot, signal)) {
    while (!next.done && next.value < block.index) {
      problems.push({ block: next.value, what: 'missing' });
      next = await wanted.next();
    }
    if (!next.done && next.value === block.index) next = await wanted.next();
    listed++;
    // Reservoir sampling: each block is as likely as any other, and only the chosen ones are in memory.
    if (chosen.length < sample) chosen.push(block);
    else {
      const place = Math.floor((random.bytes(6).readUIntBE(0, 6) / 2 ** 48) * listed);
      if (place < sample) chosen[place] = block;
    }
  }
  for (; !next.done; next = await wanted.next()) problems.push({ block: next.value, what: 'missing' });

  chosen.sort((a, b) => a.index - b.index);
  for (let at = 0; at < chosen.length; at += together) {
    const some = chosen.slice(at, at + together);
    const window = await readWindow(
      reader,
      some.map(({ index }) => index),
      signal,
    );
    const got = await Promise.all(some.map(({ index, token }) => store.get(snapshot, index, token, signal)));
    for (const [n, { index }] of some.entries())
      if (!digest(got[n]!).equals(digest(window.get(index)!)))
        problems.push({ block: index, what: 'differs' });
  }
  return { listed, read: chosen.length, problems };
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
