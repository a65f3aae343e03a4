import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Point, PointDisk } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { pinned } from '../../replication/retention/pins.ts';
import type { SnapshotStore } from '../model/snapshots.ts';
import { changedBlocks } from './changed-blocks.ts';
import { type Choice, chooseWork, type Encryption, retired } from './choose.ts';
import { gibOf, mostGib, type ReplicaSnapshot, readReplica, startOf, vmTags } from './names.ts';
import { writeBlocks } from './write-blocks.ts';

export interface ReplicaOptions {
  repository: Repository;
  point: Point;
  store: SnapshotStore;
  clock: Clock;
  /** Points whose snapshots are kept, at least 1; `all`: nothing is retired. */
  keep: number | 'all';
  /** The account's, where it was asked for just now; asked for anew when left out. */
  encryption?: Encryption;
  /** Awaited before each durable side effect: `start-disk-0`, `put-disk-0`, `complete-disk-0`, `retire`. */
  step(name: string): Promise<void>;
  progress?(disk: number, blocks: number): void;
  signal?: AbortSignal;
}

export interface ReplicaDisk {
  index: number;
  identity: string;
  snapshot: string;
  /** `warm`: it was there. Else what it was built on. */
  built: 'warm' | 'full' | 'incremental';
  /** Why it was built in full. */
  reason?: string;
  /** Blocks of 512 KiB that were put. */
  blocks: number;
}

export interface Replica {
  point: Point;
  disks: ReplicaDisk[];
  /** Ids of the snapshots that were removed. */
  retired: string[];
}

/** All snapshots of a VM's replica, as their tags say. */
export async function replicaOf(
  store: SnapshotStore,
  repository: string,
  vm: string,
  signal?: AbortSignal,
): Promise<ReplicaSnapshot[]> {
  const found = await store.list({ tags: vmTags(repository, vm) }, signal);
  return found.flatMap(one => readReplica(one) ?? []);
}

/**
 * Sees to it that every disk of a point has a complete snapshot, then removes those that nobody needs. What
 * there is is told by tags alone; a build that died is found by them, and gone on with under the same token.
 *
 * @throws Failure `replica-too-large`, `snapshot-failed`
 */
export async function buildReplica(options: ReplicaOptions): Promise<Replica> {
  const { repository, point, store, keep, step, signal } = options;
  refuseSizes(point);
  const vm = repository.vm(point.vm.uuid);
  const [points, known, asked] = await Promise.all([
    vm.points(() => {}),
    replicaOf(store, repository.id, point.vm.uuid, signal),
    options.encryption ?? store.encryption(signal),
  ]);
  let encryption = asked;
  const disks: ReplicaDisk[] = [];
  for (const disk of point.disks) {
    const build = () => buildDisk(disk, chooseWork(point, disk, known, points, encryption), options);
    disks.push(
      await build().catch(async (error: unknown) => {
        signal?.throwIfAborted();
        // Switched on meanwhile, it lets no plain snapshot be gone on from.
        const now = await store.encryption(signal);
        if (now.on === encryption.on && now.key === encryption.key) throw error;
        encryption = now;
        return build();
      }),
    );
  }
  if (keep === 'all') return { point, disks, retired: [] };
  const gone: string[] = [];
  const after = await replicaOf(store, repository.id, point.vm.uuid, signal);
  for (const one of retired(after, keep)) {
    await step('retire');
    // Read at last: a run that began meanwhile pinned its points before it looked for their snapshots.
    const pins = await pinned(repository);
    if (pins.some(({ point: of }) => of === one.point)) continue;
    if (await store.remove(one.id, signal)) gone.push(one.id);
  }
  return { point, disks, retired: gone };
}

async function buildDisk(disk: PointDisk, choice: Choice, options: ReplicaOptions): Promise<ReplicaDisk> {
  const { repository, point, store, step, progress, signal } = options;
  const { index, identity } = disk;
  if (choice.state === 'warm')
    return { index, identity, snapshot: choice.snapshot.id, built: 'warm', blocks: 0 };
  const { parent, reason, attempt } = choice;
  const vm = repository.vm(point.vm.uuid);
  const reader = await vm.reader(point, disk);
  const before = parent?.point.disks.find(one => one.identity === identity);
  const base = parent && (await vm.reader(parent.point, before!)).map;

  await step(`start-disk-${index}`);
  const id = await store.start(startOf(repository.id, point, disk, parent?.snapshot.id, attempt), signal);
  let count = 0;
  try {
    await step(`put-disk-${index}`);
    const written = await writeBlocks(reader, changedBlocks(reader.map, base, signal), {
      store,
      id,
      ...(signal && { signal }),
      onPut: blocks => progress?.(index, blocks),
    });
    count = written.count;
    await step(`complete-disk-${index}`);
    await store.complete(id, count, written.checksum, signal);
  } catch (error) {
    // Somebody completed it: an earlier run that died since, or one beside this.
    if (!(error instanceof Failure) || error.diagnostics[0]?.code !== 'snapshot-not-pending') throw error;
  }
  await completed(id, options);
  return {
    index,
    identity,
    snapshot: id,
    built: parent ? 'incremental' : 'full',
    ...(reason !== undefined && { reason }),
    blocks: count,
  };
}

/** Milliseconds before each look at a snapshot: one of few blocks is complete soon. */
const lookEvery = (look: number) => Math.min(2_000, 125 * 2 ** look);
/** Milliseconds after which a snapshot that isn't complete is given up on. */
const patience = 60 * 60_000;

const completed = (id: string, { store, clock, signal }: ReplicaOptions): Promise<true> =>
  until(
    clock,
    async () => {
      const [found] = await store.list({ ids: [id] }, signal);
      if (found?.state === 'completed') return true;
      if (found?.state === 'pending') return undefined;
      throw new Failure(
        world('snapshot-failed', `snapshot ${id} ${found ? `is ${found.state}` : 'is gone'}`, {
          hint: 'run again: it is begun anew; the replica before it is still there',
        }),
      );
    },
    { every: lookEvery, atMost: patience, what: `snapshot ${id} to be complete`, ...(signal && { signal }) },
  );

/** All disks that EBS can't hold. @throws Failure `replica-size` */
export function refuseSizes({ vm, disks }: Point): void {
  const wrong = disks.filter(({ bytes }) => bytes === 0 || gibOf(bytes) > mostGib);
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(({ index, bytes, label }) => {
      const what =
        bytes === 0 ? 'has no bytes' : `has ${gibOf(bytes)} GiB, and a volume has ${mostGib} at most`;
      return given('replica-size', `disk ${index} (${label}) of ${vm.name} ${what}: EBS can't hold it`, {
        hint: 'leave it out of the protection: `disks: { exclude: [ ... ] }` on the protected_vm',
      });
    }),
  );
}
