import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { refuseSizes, replicaOf } from './build.ts';
import { changedBlocks, repositoryBlocks } from './changed-blocks.ts';
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
 * the snapshots are those that `buildReplica` would go on from. That what it takes is there is looked up: a
 * point that can't be read is refused before anything is begun with it.
 *
 * @throws Failure `replica-size`, `missing-object`
 */
export async function estimateCold(
  repository: Repository,
  point: Point,
  store: SnapshotStore,
  { encryption, signal }: { encryption?: Encryption; signal?: AbortSignal } = {},
): Promise<Cold | undefined> {
  refuseSizes(point);
  const vm = repository.vm(point.vm.uuid);
  const [points, known, wanted] = await Promise.all([
    vm.points(() => {}),
    replicaOf(store, repository.id, point.vm.uuid, signal),
    encryption ?? store.encryption(signal),
  ]);
  let blocks = 0;
  let isCold = false;
  const packs = new Set<string>();
  for (const disk of point.disks) {
    const choice = chooseWork(point, disk, known, points, wanted);
    if (choice.state === 'warm') continue;
    isCold = true;
    const reader = await vm.reader(point, disk);
    const { map } = reader;
    const before = choice.parent?.point.disks.find(({ identity }) => identity === disk.identity);
    const base = before && (await vm.reader(choice.parent!.point, before)).map;
    let window: number[] = [];
    const lookUp = async () => {
      for (const key of await reader.packs(repositoryBlocks(map, window), signal)) packs.add(key);
      window = [];
    };
    for await (const block of changedBlocks(map, base, signal)) {
      blocks++;
      if (window.push(block) >= windowBlocks) await lookUp();
    }
    await lookUp();
  }
  const bytes = blocks * SNAPSHOT_BLOCK;
  if (!isCold) return undefined;
  await refuseMissing(repository, point, packs);
  return {
    blocks,
    seconds: Math.ceil(bytes / assumedRate),
    writing: (blocks / 1000) * perThousandPuts,
    keeping: (bytes / 1e9) * perGbMonth,
  };
}

/** Blocks whose places are looked up together. */
const windowBlocks = 4096;

/** A point is whole when it is made; what somebody removed since is found by listing. */
async function refuseMissing(
  { store }: Repository,
  { id, vm, time }: Point,
  packs: ReadonlySet<string>,
): Promise<void> {
  const folders = new Set([...packs].map(key => key.slice(0, key.lastIndexOf('/') + 1)));
  const gone = new Set(packs);
  for (const folder of folders) for await (const { key } of store.list(folder)) gone.delete(key);
  const [first] = gone;
  if (first === undefined) return;
  const others = gone.size > 1 ? ` and ${gone.size - 1} more` : '';
  throw new Failure(
    world(
      'missing-object',
      `the point ${id.slice(0, 8)} of ${vm.name} of ${new Date(time).toISOString()} can't be read: ${first}${others} is missing in the repository`,
      {
        hint: 'nothing was begun; choose another point by `--point`: `converge verify` tells which are whole',
      },
    ),
  );
}
