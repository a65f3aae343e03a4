import { expect, test } from 'vitest';
import { awsMachines } from '../../src/aws/recovery/machines.ts';
import { retired } from '../../src/recovery/replica/choose.ts';
import { replicaTags } from '../../src/recovery/replica/names.ts';
import { verifySnapshot } from '../../src/recovery/replica/verify.ts';
import { commitImage } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { cloud, contentOf, replicated, sha256, replicaOf as snapshot, someBytes } from './fixture.ts';

const K = 1024;
const BLOCK = 512 * K;
const SIZE = 9 * BLOCK + 100 * K;

test('a first replica has the blocks that are not zero, the next one those that changed', async () => {
  const aws = await cloud();
  const { vm, build } = await replicated(aws);
  const image = Buffer.alloc(SIZE);
  someBytes('a', 3 * BLOCK).copy(image);
  someBytes('end', 100 * K).copy(image, 9 * BLOCK);
  await commitImage(vm, image);
  const first = await build();
  expect(first.disks).toMatchObject([{ index: 0, built: 'full', reason: 'first', blocks: 4 }]);
  expect(await contentOf(aws.store, first.disks[0]!.snapshot, SIZE)).toEqual({
    sha256: sha256(image),
    zerosFollow: true,
  });
  expect((await build()).disks).toMatchObject([{ built: 'warm', snapshot: first.disks[0]!.snapshot }]);

  // One block of the repository changes, and a whole block of the snapshot becomes zero.
  someBytes('b', 64 * K).copy(image, 5 * BLOCK + 64 * K);
  image.fill(0, BLOCK, 2 * BLOCK);
  await commitImage(vm, image, { blocks: [...Array(8).keys()].map(n => n + 8).concat(41) });
  const second = await build();
  expect(second.disks).toMatchObject([{ built: 'incremental', blocks: 2 }]);
  expect(second.disks[0]).not.toHaveProperty('reason');
  expect(await contentOf(aws.store, second.disks[0]!.snapshot, SIZE)).toEqual({
    sha256: sha256(image),
    zerosFollow: true,
  });
});

test('a disk that grew goes on from the smaller one', async () => {
  const aws = await cloud();
  const { vm, build } = await replicated(aws);
  const image = someBytes('small', SIZE);
  await commitImage(vm, image);
  await build();
  const grown = Buffer.concat([image, Buffer.alloc(4 * BLOCK), someBytes('more', 10)]);
  await commitImage(vm, grown, {
    blocks: [Math.floor(SIZE / (64 * K)), Math.floor(grown.length / (64 * K))],
  });
  const { disks } = await build();
  expect(disks).toMatchObject([{ built: 'incremental', blocks: 2 }]);
  expect(await contentOf(aws.store, disks[0]!.snapshot, grown.length)).toEqual({
    sha256: sha256(grown),
    zerosFollow: true,
  });
});

test.for<[string, string, (world: Awaited<ReturnType<typeof twoPoints>>) => Promise<void>]>([
  [
    'encryption by default was switched on',
    'other-encryption',
    async ({ connection: { onEc2, ec2 } }) => {
      await onEc2('EnableEbsEncryptionByDefault', '', client =>
        client.send(new ec2.EnableEbsEncryptionByDefaultCommand({})),
      );
    },
  ],
  ['the parent is gone', 'first', async ({ store, first }) => void (await store.remove(first))],
  [
    'somebody changed the tags of the parent',
    'first',
    async ({ connection: { onEc2, ec2 }, first }) => {
      const Tags = [{ Key: replicaTags.disk, Value: '' }];
      await onEc2('CreateTags', '', client =>
        client.send(new ec2.CreateTagsCommand({ Resources: [first], Tags })),
      );
    },
  ],
])('a new lineage: %s', async ([, reason, change]) => {
  const world = await twoPoints();
  await change(world);
  const { disks } = await world.build();
  expect(disks).toMatchObject([{ built: 'full', reason }]);
  expect(await contentOf(world.store, disks[0]!.snapshot, SIZE)).toMatchObject({
    sha256: sha256(world.image),
  });
});

test('a new lineage: the disk is smaller than it was', async () => {
  const world = await twoPoints();
  await world.build();
  const smaller = world.image.subarray(0, 4 * BLOCK);
  await commitImage(world.vm, smaller, { full: true });
  const { disks } = await world.build();
  expect(disks).toMatchObject([{ built: 'full', reason: 'smaller-disk', blocks: 4 }]);
  expect(await contentOf(world.store, disks[0]!.snapshot, smaller.length)).toEqual({
    sha256: sha256(smaller),
    zerosFollow: true,
  });
});

test('a new lineage: the disk was replaced', async () => {
  const world = await twoPoints();
  await commitImage(world.vm, world.image, { disk: { identity: 'disk-b' } });
  expect((await world.build()).disks).toMatchObject([
    { built: 'full', reason: 'new-disk', identity: 'disk-b' },
  ]);
});

test('old snapshots go, those of the newest points that are whole stay', async () => {
  const world = await twoPoints();
  await world.build();
  someBytes('c', 10).copy(world.image);
  await commitImage(world.vm, world.image, { blocks: [0] });
  const third = await world.build();
  expect(third.retired).toEqual([world.first]);
  const left = await world.store.list({ tags: { [replicaTags.vm]: (await world.vm.newest())!.vm.uuid } });
  expect(left.map(({ state }) => state)).toEqual(['completed', 'completed']);
});

test('a snapshot that an image still uses stays, and is not counted as retired', async () => {
  const world = await twoPoints();
  await awsMachines(world.connection).registerImage({
    name: 'of-the-first',
    bootMode: 'legacy-bios',
    tpm: false,
    endsWithIt: true,
    disks: [{ device: '/dev/sda1', snapshot: world.first }],
    tags: {},
  });
  expect((await world.build({ keep: 1 })).retired).toEqual([]);
  expect(await world.store.list({ ids: [world.first] })).toMatchObject([{ state: 'completed' }]);
});

test('nothing is retired while no point has all of its disks', () => {
  const halves = [snapshot(1, 'a', 'completed'), snapshot(2, 'a', 'completed'), snapshot(2, 'b', 'error')];
  expect(retired(halves, 1)).toEqual([]);
  const whole = [
    ...halves,
    snapshot(3, 'a', 'completed'),
    snapshot(3, 'b', 'completed'),
    snapshot(1, 'b', 'pending'),
  ];
  expect(retired(whole, 1).map(({ id }) => id)).toEqual(['1a', '2a', '2b']);
  expect(retired(whole, 0).map(({ id }) => id)).toEqual(['1a', '2a', '2b']);
});

test.for(['start-disk-0', 'put-disk-0', 'complete-disk-0', 'retire'])(
  'killed before %s, the next run ends with one complete snapshot of the point',
  async at => {
    const world = await twoPoints();
    const kill = async (name: string) => {
      if (name === at) throw new Error('killed');
    };
    const died = world.build({ step: kill, keep: 1 });
    await expect(died).rejects.toThrow('killed');
    const { disks } = await world.build({ keep: 1 });
    expect(await contentOf(world.store, disks[0]!.snapshot, SIZE)).toMatchObject({
      sha256: sha256(world.image),
    });
    const point = (await world.vm.newest())!.id;
    const all = await world.store.list({ tags: { [replicaTags.vm]: (await world.vm.newest())!.vm.uuid } });
    expect(all.map(({ state, tags }) => [state, tags[replicaTags.point]])).toEqual([['completed', point]]);
  },
);

test('killed while blocks were put, and once more when all was sent and the answer was lost', async () => {
  const world = await twoPoints();
  let puts = 0;
  const dying = {
    ...world.store,
    put: async (...args: Parameters<typeof world.store.put>) => {
      await world.store.put(...args);
      if (++puts === 1) throw new Error('killed');
    },
  };
  await expect(world.build({ store: dying })).rejects.toThrow('killed');
  const lost = {
    ...world.store,
    complete: async (...args: Parameters<typeof world.store.complete>) => {
      await world.store.complete(...args);
      throw new Error('killed');
    },
  };
  await expect(world.build({ store: lost })).rejects.toThrow('killed');
  const { disks } = await world.build();
  expect(await contentOf(world.store, disks[0]!.snapshot, SIZE)).toMatchObject({
    sha256: sha256(world.image),
  });
  expect(await world.store.list({ tags: { [replicaTags.disk]: 'disk-a' } })).toHaveLength(2);
});

test('a build that timed out is begun again, with another token', async () => {
  const world = await twoPoints();
  const kill = async (name: string) => {
    if (name === 'complete-disk-0') throw new Error('killed');
  };
  await expect(world.build({ step: kill })).rejects.toThrow('killed');
  await world.lab.command({ do: 'clock', offset: 2 * 3_600_000 });
  const { disks } = await world.build();
  expect(await contentOf(world.store, disks[0]!.snapshot, SIZE)).toMatchObject({
    sha256: sha256(world.image),
  });
  const all = await world.store.list({ tags: { [replicaTags.disk]: 'disk-a' } });
  expect(all.map(({ state }) => state).sort()).toEqual(['completed', 'completed', 'error']);
});

test.for<[string, 'error' | undefined]>([
  ['is error', 'error'],
  ['is gone', undefined],
])('a snapshot that %s when all was put is told at once', async ([what, state]) => {
  const world = await twoPoints();
  const list: typeof world.store.list = async (which, ...more) => {
    const found = await world.store.list(which, ...more);
    return 'ids' in which ? found.flatMap(one => (state ? { ...one, state } : [])) : found;
  };
  await expect(world.build({ store: { ...world.store, list } })).rejects.toMatchObject({
    diagnostics: [{ code: 'snapshot-failed', message: expect.stringContaining(what) }],
  });
});

test('throttled for a while, it goes on more slowly', async () => {
  const world = await twoPoints();
  await world.lab.command({
    do: 'fault',
    on: 'ebs',
    rule: { kind: 'throttled', operation: 'PutSnapshotBlock', times: 3 },
  });
  const { disks } = await world.build();
  expect(await contentOf(world.store, disks[0]!.snapshot, SIZE)).toMatchObject({
    sha256: sha256(world.image),
  });
});

test('verification finds a block that differs and one that is missing', async () => {
  const world = await twoPoints();
  const { disks } = await world.build();
  const id = disks[0]!.snapshot;
  const point = (await world.vm.newest())!;
  const reader = await world.vm.reader(point, point.disks[0]!);
  const options = { random: new SeededRandom('sample'), sample: 100 };
  expect(await verifySnapshot(reader, id, { ...options, store: world.store })).toEqual({
    listed: 10,
    read: 10,
    problems: [],
  });
  const flipping = {
    ...world.store,
    get: async (...args: Parameters<typeof world.store.get>) => {
      const bytes = await world.store.get(...args);
      if (args[1] === 7) bytes[400_000]! ^= 1;
      return bytes;
    },
    async *blocks(...args: Parameters<typeof world.store.blocks>) {
      for await (const block of world.store.blocks(...args)) if (block.index !== 4) yield block;
    },
  };
  const found = await verifySnapshot(reader, id, { ...options, store: flipping });
  expect(found.problems).toEqual([
    { block: 4, what: 'missing' },
    { block: 7, what: 'differs' },
  ]);
  const short = {
    ...world.store,
    async *blocks(...args: Parameters<typeof world.store.blocks>) {
      for await (const block of world.store.blocks(...args)) if (block.index < 8) yield block;
    },
  };
  expect((await verifySnapshot(reader, id, { ...options, store: short })).problems).toEqual([
    { block: 8, what: 'missing' },
    { block: 9, what: 'missing' },
  ]);
  expect(await verifySnapshot(reader, id, { ...options, store: world.store, sample: 3 })).toMatchObject({
    read: 3,
  });
});

/** A replica of one point, and a second point that it has to catch up with. */
async function twoPoints() {
  const aws = await cloud();
  const { repository, vm, build } = await replicated(aws);
  const image = someBytes('whole', SIZE);
  await commitImage(vm, image);
  const { disks } = await build();
  someBytes('changed', 3 * 64 * K).copy(image, 3 * BLOCK + 6 * 64 * K);
  await commitImage(vm, image, { blocks: [30, 31, 32] });
  return { ...aws, repository, vm, build, image, first: disks[0]!.snapshot };
}
