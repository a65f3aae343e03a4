import type { Point, Repository } from '../../replication/model/repository.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { replicaOf } from './build.ts';
import { changedBlocks } from './changed-blocks.ts';
import { chooseWork, type Encryption } from './choose.ts';

/** What making the snapshots of a point takes that has none yet. */
export interface Cold {
  /** Of 512 KiB, to be written. */
  blocks: number;
  /** At `assumedRate`. */
  seconds: number;
  /** US dollars to write them, and a month to keep them. */
  writing: number;
  keeping: number;
}

/** Bytes a second that EBS direct takes: a fifth of what AWS documents for one snapshot. */
export const assumedRate = 100_000_000;
/** US dollars for 1,000 blocks. Source: EBS pricing, EBS direct APIs. */
const perThousandPuts = 0.006;
/** US dollars for a GB and month of a snapshot. Source: EBS pricing, us-east-1. */
const perGbMonth = 0.05;

/**
 * Undefined when every disk of the point has its snapshot. Reads the maps of the disks, none of their data;
 * the snapshots are those that `buildReplica` would go on from.
 */
export async function estimateCold(
  repository: Repository,
  point: Point,
  store: SnapshotStore,
  { encryption, signal }: { encryption?: Encryption; signal?: AbortSignal } = {},
): Promise<Cold | undefined> {
  const vm = repository.vm(point.vm.uuid);
  const [points, known, wanted] = await Promise.all([
    vm.points(() => {}),
    replicaOf(store, repository.id, point.vm.uuid, signal),
    encryption ?? store.encryption(signal),
  ]);
  let blocks = 0;
  let isCold = false;
  for (const disk of point.disks) {
    const choice = chooseWork(point, disk, known, points, wanted);
    if (choice.state === 'warm') continue;
    isCold = true;
    const { map } = await vm.reader(point, disk);
    const before = choice.parent?.point.disks.find(({ identity }) => identity === disk.identity);
    const base = before && (await vm.reader(choice.parent!.point, before)).map;
    for await (const _ of changedBlocks(map, base, signal)) blocks++;
  }
  const bytes = blocks * SNAPSHOT_BLOCK;
  if (!isCold) return undefined;
  return {
    blocks,
    seconds: Math.ceil(bytes / assumedRate),
    writing: (blocks / 1000) * perThousandPuts,
    keeping: (bytes / 1e9) * perGbMonth,
  };
}
