import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { awsSnapshots } from '../../src/aws/recovery/snapshots.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { type Lab, openLab } from '../../src/lab/lab.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../../src/recovery/model/snapshots.ts';
import { buildReplica, type ReplicaOptions } from '../../src/recovery/replica/build.ts';
import { readReplica, replicaTags } from '../../src/recovery/replica/names.ts';
import { scratch } from '../support/cli.ts';
import { memoryStore } from '../support/memory-store.ts';
import { openTest, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';

/** Waits of it are over at once: the lab's states go on when they were seen. */
export const unhurried: Clock = { now: () => Date.now(), sleep: async () => {} };

/** Of AWS, what the lab has, reached by the product's own client. */
export async function cloud(dir?: string) {
  const folder = dir ?? join(await scratch(), 'lab');
  const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const { random } = nodeHost();
  const connection = await connectRecovery({
    region,
    credentials,
    endpoint: lab.api.url,
    clock: unhurried,
    random,
  });
  onTestFinished(() => connection.close());
  return { lab, connection, store: awsSnapshots(connection) };
}

/** A repository in memory, and a replica of what is committed to it. */
export async function replicated(lab: { store: SnapshotStore; lab: Lab }) {
  const repository = await openTest(memoryStore());
  const vm = repository.vm(VM.uuid);
  const build = async (more: Partial<ReplicaOptions> = {}) =>
    buildReplica({
      repository,
      point: (await vm.newest())!,
      store: lab.store,
      clock: unhurried,
      keep: 2,
      step: async () => {},
      ...more,
    });
  return { repository, vm, build };
}

/**
 * The bytes of a snapshot as a volume of it would have them: the digest of the first `bytes`, and whether
 * zeros follow.
 */
export async function contentOf(store: SnapshotStore, snapshot: string, bytes: number) {
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(SNAPSHOT_BLOCK);
  let next = 0;
  let zerosFollow = true;
  const take = (block: Buffer) => {
    const left = Math.max(0, bytes - next * SNAPSHOT_BLOCK);
    hash.update(block.subarray(0, left));
    if (left < SNAPSHOT_BLOCK && !block.subarray(left).equals(zeros.subarray(left))) zerosFollow = false;
    next++;
  };
  for await (const { index, token } of store.blocks(snapshot)) {
    while (next < index) take(zeros);
    take(await store.get(snapshot, index, token));
  }
  while (next * SNAPSHOT_BLOCK < bytes) take(zeros);
  return { sha256: hash.digest('hex'), zerosFollow };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const someBytes = (seed: string, length: number): Buffer => new SeededRandom(seed).bytes(length);

/** A snapshot of one of the two disks of a point, as its tags tell of it. */
export const replicaOf = (
  generation: number,
  identity: string,
  state: 'completed' | 'error' | 'pending' = 'completed',
) =>
  readReplica({
    id: `${generation}${identity}`,
    state,
    started: 0,
    gib: 1,
    encrypted: false,
    tags: {
      [replicaTags.disk]: identity,
      [replicaTags.disks]: '2',
      [replicaTags.point]: `p${generation}`,
      [replicaTags.generation]: String(generation),
      [replicaTags.attempt]: '0',
    },
  })!;
