import { beforeEach, expect, test } from 'vitest';
import type { Key } from '../../../src/replication/format/keys.ts';
import type { Point } from '../../../src/replication/model/point.ts';
import { sparsePacks } from '../../../src/replication/prune/sparse-packs.ts';
import { statsOf } from '../../../src/replication/prune/stats.ts';
import { GRACE, type PruneVmOptions } from '../../../src/replication/prune/work.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { contextOf, pruneOnce } from '../../support/prune.ts';
import { aKey, aLease, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BLOCK = 64 * 1024;
const BLOCKS = 16;
const random = new SeededRandom('compact');
const images = new Map<string, Buffer>();
let now: number;
let store: MemoryStore;
let key: Key | undefined;

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  store = memoryStore('memory://compact', () => now);
  key = undefined;
  images.clear();
});

/** Each with ids of its own. */
let opened = 0;
const open = () => openTest(store, key, `repository ${opened++}`);
const packs = () => [...store.objects.keys()].filter(one => one.includes('/packs/'));
const size = (keys: string[]) =>
  keys.reduce((sum, one) => sum + (store.objects.get(one)?.bytes.length ?? 0), 0);

/** A whole disk in one pack, then a point a day that changes `changed` blocks. */
async function points(days: readonly number[][], image = random.bytes(BLOCKS * BLOCK)): Promise<Buffer> {
  const vm = (await open()).vm(VM.uuid);
  for (const changed of days) {
    for (const block of changed) random.bytes(BLOCK).copy(image, block * BLOCK);
    const first = (await vm.head()) === undefined;
    const made = await commitImage(vm, image, { ...(!first && { blocks: changed }), point: { time: now } });
    if (made === 'lost-race') throw new Error('lost race');
    images.set(made.point.id, Buffer.from(image));
    now += DAY;
  }
  return image;
}

async function restores(): Promise<Point[]> {
  const repository = await open();
  const vm = repository.vm(VM.uuid);
  const listed = await vm.points();
  for (const point of listed) expect((await readImage(vm, point)).equals(images.get(point.id)!)).toBe(true);
  const { problems } = await verify(repository, { vm: VM.uuid });
  expect(problems).toEqual([]);
  return listed;
}

const policy = { all: HOUR };

async function run(more: Partial<PruneVmOptions> & { bytes?: number } = {}, repository?: OpenRepository) {
  const one = repository ?? (await open());
  const { bytes = 2 ** 30, ...options } = more;
  const clock = new SteppedClock(now);
  return pruneOnce(one, { policy, now, compacting: { repository: one, clock, bytes }, ...options });
}

/** Points of which all but the last three are gone: of the first pack 4 of 16 blocks are needed. */
async function sparse(): Promise<void> {
  const most = Array.from({ length: 12 }, (_, n) => n);
  await points([[], most, [0], [1], [2]]);
  await run({ bytes: 0 });
  now += GRACE + HOUR;
  await run({ bytes: 0 });
  now += GRACE + HOUR;
}

test('what is needed of packs less than half needed is moved, and the old ones go once a newer point leads away', async () => {
  await sparse();
  const before = packs();
  const [stats, plan] = [
    await statsOf(await open(), (await open()).vm(VM.uuid), now),
    await run({ dry: true }),
  ];
  expect(packs()).toEqual(before);
  expect(plan.compacted).toMatchObject({ packs: 1, left: { packs: 0 }, unread: [] });
  expect(stats.compactable).toBe(plan.compacted!.freed);
  const vm = (await open()).vm(VM.uuid);
  const [oldest] = await vm.points();
  const reader = await vm.reader(oldest!, oldest!.disks[0]!);
  await reader.block(15);

  const did = await run();
  expect(did.compacted).toEqual(plan.compacted);
  const added = packs().filter(one => !before.includes(one));
  expect(added).toHaveLength(1);
  expect(size(added)).toBeLessThan(6 * BLOCK);
  await restores();
  // The newest point's own object still leads to the old pack, for whoever finds no head.
  const { names } = contextOf(await open());
  const head = store.objects.get(names.head)!;
  store.objects.delete(names.head);
  const [newest] = (await vm.points()).slice(-1);
  expect((await readImage((await open()).vm(VM.uuid), newest!)).equals(images.get(newest!.id)!)).toBe(true);
  store.objects.set(names.head, head);
  now += 8 * DAY;
  const early = await run();
  expect(early.compacted, 'nothing is moved twice').toBeUndefined();
  expect(early.objects).toMatchObject({ removed: { objects: 0 }, waiting: { objects: 0 } });

  await points([[3]], Buffer.from(images.get(newest!.id)!));
  now += 8 * DAY;
  const marked = await run();
  expect(marked.objects!.waiting.objects).toBeGreaterThan(0);
  expect(packs()).toEqual(expect.arrayContaining(before));
  now += GRACE + HOUR;
  const removed = await run();
  expect(removed.objects!.removed.bytes).toBeGreaterThan(plan.compacted!.freed);
  expect(before.every(one => packs().includes(one))).toBe(false);
  await restores();
  // Whoever began to read before looks where it lies now.
  const block = await reader.block(14).catch(error => error.message);
  expect(Buffer.isBuffer(block)).toBe(true);
});

test('killed before each durable step, every point restores, and the next runs end alike', async () => {
  await sparse();
  const before = new Map(store.objects);
  const start = now;
  const [first] = packs().sort((a, b) => size([b]) - size([a]));
  const history = async (dieAt: number) => {
    store.objects.clear();
    for (const [name, object] of before) store.objects.set(name, object);
    now = start;
    let steps = 0;
    const names: string[] = [];
    const step = async (name: string) => {
      if (steps++ === dieAt) throw new Error('killed');
      names.push(name);
    };
    const killed = await run({ step }).catch(error => error.message);
    if (dieAt >= 0) expect(killed).toBe('killed');
    await restores();
    for (let n = 0; n < 4; n++) {
      const vm = (await open()).vm(VM.uuid);
      const newest = (await vm.points()).at(-1)!;
      if (n < 3) await points([[3 + n]], Buffer.from(images.get(newest.id)!));
      // A cycle leaves its lease like this.
      await vm.lease.write(aLease(20 + n), (await vm.lease.stat())?.etag);
      now += GRACE + HOUR;
      await run({ policy: { all: 900 * DAY } });
    }
    await restores();
    const { orphans } = await verify(await open(), { vm: VM.uuid, level: 'presence' });
    expect(orphans, `killed at ${dieAt}`).toEqual({ objects: 0, bytes: 0 });
    expect(packs()).not.toContain(first);
    return names;
  };
  const whole = await history(-1);
  expect(whole).toEqual(expect.arrayContaining(['pack', 'take-lease', 'index', 'head', 'release-lease']));
  for (let dieAt = 0; dieAt < whole.length; dieAt++) await history(dieAt);
});

test('a cycle comes first: one that holds the lease, one that died, and one that commits meanwhile', async () => {
  await sparse();
  const vm = (await open()).vm(VM.uuid);
  const { names } = contextOf(await open());
  const head = store.objects.get(names.head)!.bytes;
  await vm.lease.write({ ...aLease(9), expires: now + HOUR }, (await vm.lease.stat())?.etag);
  const there = packs();
  expect((await run()).compacted).toMatchObject({ not: 'cycle', packs: 0, left: { packs: 1 } });
  await vm.lease.write({ ...aLease(10), unfinished: true }, (await vm.lease.stat())!.etag);
  now += 8 * DAY;
  expect((await run()).compacted).toMatchObject({ not: 'cycle', packs: 0 });
  expect(packs(), 'nothing is read and written for nothing').toEqual(there);
  now += 8 * DAY;
  await vm.lease.write(aLease(11), (await vm.lease.stat())!.etag);
  // One takes the lease while packs are written: they are left, and the head is as it was.
  const taken = await run({
    step: async name => {
      if (name !== 'take-lease') return;
      const held = { ...aLease(12), expires: now + HOUR };
      await vm.lease.write(held, (await vm.lease.stat())!.etag);
    },
  });
  expect(taken.compacted).toMatchObject({ not: 'cycle', packs: 0 });
  expect(store.objects.get(names.head)!.bytes).toEqual(head);
  await vm.lease.write(aLease(13), (await vm.lease.stat())!.etag);
  now += 8 * DAY;
  // One has committed while packs were written: what it made is gone on from.
  const [newest] = (await vm.points()).slice(-1);
  let committed = false;
  const meanwhile = await run({
    step: async name => {
      if (name !== 'pack' || committed) return;
      committed = true;
      await points([[15]], Buffer.from(images.get(newest!.id)!));
    },
  });
  expect(meanwhile.compacted).toMatchObject({ packs: 1 });
  expect((await restores()).at(-1)!.generation).toBe(newest!.generation + 1);
  expect((await vm.lease.read())!.value).toMatchObject({ expires: 0, generation: newest!.generation + 1 });
});

test('the head moves from the very version that was read, and what says that the VM may be failed over stays', async () => {
  await sparse();
  const vm = (await open()).vm(VM.uuid);
  const { compacted } = await run({
    step: async name => {
      if (name === 'head') await vm.fence();
    },
  });
  expect(compacted).toMatchObject({ not: 'cycle', packs: 0 });
  now += 8 * DAY;
  expect((await run()).compacted).toMatchObject({ packs: 1 });
  await vm.head();
  expect(vm.suspended).toBe(true);
  await restores();
});

test('an answer that is lost is read back, and a pack that is damaged stays as it is', async () => {
  key = aKey();
  await sparse();
  const { names } = contextOf(await open());
  const all = new Map(store.objects);
  store.loseAnswer = ({ key: one }) => one === names.head;
  expect((await run()).compacted).toMatchObject({ packs: 1 });
  store.loseAnswer = undefined;
  await restores();
  store.objects.clear();
  for (const [name, object] of all) store.objects.set(name, object);
  const [largest] = packs().sort((a, b) => size([b]) - size([a]));
  const { bytes, modified } = store.objects.get(largest!)!;
  const other = Buffer.from(bytes);
  for (let at = 100; at < other.length; at += BLOCK / 2) other[at]! ^= 1;
  store.objects.set(largest!, { bytes: other, modified });
  const before = packs().length;
  const did = await run();
  expect(did.compacted).toMatchObject({ packs: 0, freed: 0, unread: [{ key: largest }] });
  expect(did.warnings.map(({ code }) => code)).toEqual(['pack-not-compacted']);
  expect(packs()).toHaveLength(before);
});

test('one run moves no more than it may, and the next goes on at once', async () => {
  const all = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
  await points([[], all(0, 12), [...all(0, 3), ...all(5, 10)], [0], [1], [2]]);
  await run({ bytes: 0 });
  now += GRACE + HOUR;
  await run({ bytes: 0 });
  now += GRACE + HOUR;
  const plan = await run({ dry: true });
  expect(plan.compacted!.packs).toBeGreaterThan(1);
  const first = await run({ bytes: BLOCK });
  expect(first.compacted).toMatchObject({ packs: 1, left: { packs: plan.compacted!.packs - 1 } });
  await restores();
  const second = await run();
  expect(second.compacted).toMatchObject({ packs: plan.compacted!.packs - 1, left: { packs: 0 } });
  await restores();
});

test('another pruner that has begun meanwhile ends it before the head moves', async () => {
  await sparse();
  const { names } = contextOf(await open());
  const head = store.objects.get(names.head)!.bytes;
  let other = false;
  const step = async (name: string) => {
    if (name !== 'pack' || other) return;
    other = true;
    await run({ bytes: 0 });
  };
  await expect(run({ step })).rejects.toThrow('another pruner is at work');
  expect(store.objects.get(names.head)!.bytes).toEqual(head);
});

test('a small pack of which all is needed is not sparse, whatever is written around its block', () => {
  const [small, large] = ['a', 'b'].map(digit => digit.repeat(32)) as [string, string];
  const object = (id: string) => `packs/${id.slice(0, 2)}/${id}`;
  const parts = [
    { object: object(small), size: 32 + 16 + 17 + 36 + 40, modified: 0 },
    { object: object(large), size: 32 + 16 + 17 + 3 * (36 + 40), modified: 0 },
  ];
  const live = { bytes: 40, blocks: 1 };
  const leads = new Map([small, large].map(id => [id, live]));
  expect(sparsePacks(parts, leads).map(({ pack }) => pack)).toEqual([large]);
});
