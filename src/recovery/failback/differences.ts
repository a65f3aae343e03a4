import { failedWith } from '../../diagnostics/diagnostic.ts';
import type { PointDisk } from '../../replication/model/point.ts';
import type { BlockSource, Extent } from '../../replication/model/source.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';

/** What changed at home since the point: these bytes, or nobody can say, for this reason. */
export type HomeChanges = { areas: readonly Extent[] } | { unknown: string };

/** A disk on its way home. */
export interface Homeward {
  disk: PointDisk;
  /** What it was launched from; undefined when it was imported from something else than a snapshot. */
  replica?: string;
  /** What it is in EC2. */
  snapshot: string;
  home: HomeChanges;
}

/** A block that home has to get. Without a token it is zeros. */
export interface WantedBlock {
  index: number;
  /** Bytes of it that the disk has: the padding to whole GiB is left out. */
  length: number;
  token?: string;
}

/** How a disk is brought home: by its changes, or as a whole and why. */
export interface Way {
  mode: 'changes' | 'whole';
  why?: string;
  blocks(signal?: AbortSignal): AsyncIterable<WantedBlock>;
}

/**
 * Finds out how a disk is brought home. By its changes when both sides can say what theirs are: EBS between
 * the replica and the snapshot, vSphere since the point. Anything else takes the disk as a whole.
 */
export async function wayOf(store: SnapshotStore, of: Homeward, signal?: AbortSignal): Promise<Way> {
  const { disk, replica, snapshot, home } = of;
  const whole = (why: string): Way => ({
    mode: 'whole',
    why,
    blocks: signal => within(disk, every(disk, store.blocks(snapshot, signal))),
  });
  if ('unknown' in home) return whole(home.unknown);
  if (replica === undefined) return whole('it was imported, not launched from a snapshot');
  try {
    // Whether the two can be compared at all is told by the first answer.
    for await (const _ of store.changed(replica, snapshot, signal)) break;
  } catch (error) {
    if (!failedWith(error, 'snapshots-unrelated')) throw error;
    return whole('its disk in EC2 is not of the lineage of what it was launched from');
  }
  const atHome = blocksIn(home.areas, disk.bytes);
  return {
    mode: 'changes',
    blocks: signal => {
      const changed = store.changed(replica, snapshot, signal);
      if (atHome.length === 0) return within(disk, changed);
      return within(disk, joined(changed, atHome, store.blocks(snapshot, signal)));
    },
  };
}

interface Listed {
  index: number;
  token?: string;
}

async function* within(disk: PointDisk, blocks: AsyncIterable<Listed>): AsyncGenerator<WantedBlock> {
  for await (const { index, token } of blocks) {
    const length = Math.min(SNAPSHOT_BLOCK, disk.bytes - index * SNAPSHOT_BLOCK);
    if (length > 0) yield { index, length, ...(token !== undefined && { token }) };
  }
}

/** Every block of a disk; those that were never written are zeros. */
async function* every(disk: PointDisk, written: AsyncIterable<Listed>): AsyncGenerator<Listed> {
  let next = 0;
  for await (const block of written) {
    while (next < block.index) yield { index: next++ };
    yield block;
    next = block.index + 1;
  }
  while (next * SNAPSHOT_BLOCK < disk.bytes) yield { index: next++ };
}

/** Those that changed there and those that changed at home, each once, with where they are read now. */
async function* joined(
  changed: AsyncIterable<Listed>,
  atHome: readonly number[],
  written: AsyncIterable<Listed>,
): AsyncGenerator<Listed> {
  const there = written[Symbol.asyncIterator]();
  let seen = await there.next();
  const find = async (index: number): Promise<Listed> => {
    while (!seen.done && seen.value.index < index) seen = await there.next();
    return !seen.done && seen.value.index === index ? seen.value : { index };
  };
  let n = 0;
  try {
    for await (const block of changed) {
      while (n < atHome.length && atHome[n]! < block.index) yield await find(atHome[n++]!);
      if (atHome[n] === block.index) n++;
      yield block;
    }
    while (n < atHome.length) yield await find(atHome[n++]!);
  } finally {
    await there.return?.();
  }
}

/** Numbers of the snapshot's blocks that areas of a disk touch, ascending, each once. */
export function blocksIn(areas: readonly Extent[], bytes: number): number[] {
  const found = new Set<number>();
  for (const { start, length } of areas) {
    const end = Math.min(start + length, bytes);
    for (let at = Math.floor(start / SNAPSHOT_BLOCK); at * SNAPSHOT_BLOCK < end; at++) found.add(at);
  }
  return [...found].sort((a, b) => a - b);
}

/** What bringing disks home comes to, before anything is done. */
export interface Estimate {
  /** Bytes that are read in EC2, zeros left out. */
  bytes: number;
  /** Bytes that are written at home. */
  writes: number;
  /** Disks are compared, and what is equal isn't written: no more than so much, and so long. */
  atMost?: true;
  seconds: number;
  disks: { index: number; mode: Way['mode']; why?: string; bytes: number }[];
}

/** Blocks that are read to see how fast the line is. */
const samples = 16;
/** Bytes a second where the clock shows no time at all: what `--replica` reckons with. */
const assumedRate = 100_000_000;

/** Disks at home that are written. */
export interface HomeDisks {
  /** Each as a whole; else what differs. */
  whole: boolean;
  open(disk: PointDisk, signal?: AbortSignal): Promise<BlockSource>;
}

/**
 * Counts, and reads a few blocks to see how fast the line is, and how fast home is. EC2 is read while home is
 * written, and what was written is read back afterwards.
 *
 * @param ways with their snapshots
 * @param home undefined: what is in EC2 goes elsewhere
 */
export async function estimate(
  store: SnapshotStore,
  ways: readonly { of: Homeward; way: Way }[],
  now: () => number,
  home?: HomeDisks,
  signal?: AbortSignal,
): Promise<Estimate> {
  const disks: Estimate['disks'] = [];
  const sample: { of: Homeward; block: WantedBlock }[] = [];
  let writes = 0;
  let compared = 0;
  for (const { of, way } of ways) {
    let bytes = 0;
    let listed = 0;
    for await (const block of way.blocks(signal)) {
      listed += block.length;
      if (block.token === undefined) continue;
      bytes += block.length;
      if (sample.length < samples) sample.push({ of, block });
    }
    const { mode, why } = way;
    writes += home ? (home.whole ? of.disk.bytes : listed) : bytes;
    if (home && !home.whole && mode === 'whole') compared += listed;
    disks.push({ index: of.disk.index, mode, ...(why !== undefined && { why }), bytes });
  }
  const began = now();
  await Promise.all(sample.map(({ of, block }) => store.get(of.snapshot, block.index, block.token!, signal)));
  const there = rateOf(sample.length * SNAPSHOT_BLOCK, now() - began);
  const bytes = disks.reduce((sum, disk) => sum + disk.bytes, 0);
  const known = { bytes, writes, ...(compared > 0 && { atMost: true as const }), disks };
  if (!home) return { ...known, seconds: Math.ceil(bytes / there) };
  const atHome = await homeRate(sample, home, now, signal);
  const moved = Math.max(bytes / there, (compared + writes) / atHome);
  return { ...known, seconds: Math.ceil(moved + writes / atHome) };
}

/** Bytes a second. */
const rateOf = (bytes: number, took: number): number =>
  took > 0 && bytes > 0 ? (bytes * 1000) / took : assumedRate;

/** How fast home is read where it will be written. Nothing may be written yet to see how fast that is. */
async function homeRate(
  sample: readonly { of: Homeward; block: WantedBlock }[],
  home: HomeDisks,
  now: () => number,
  signal?: AbortSignal,
): Promise<number> {
  let bytes = 0;
  let took = 0;
  for (const of of new Set(sample.map(one => one.of))) {
    const source = await home.open(of.disk, signal);
    try {
      const blocks = sample.filter(one => one.of === of).map(({ block }) => block);
      const began = now();
      await Promise.all(
        blocks.map(({ index, length }) =>
          source.readInto(Buffer.allocUnsafe(length), index * SNAPSHOT_BLOCK, signal),
        ),
      );
      took += now() - began;
      bytes += blocks.reduce((sum, { length }) => sum + length, 0);
    } finally {
      await source.close();
    }
  }
  return rateOf(bytes, took);
}
