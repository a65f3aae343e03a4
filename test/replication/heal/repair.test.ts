import { describe, expect, test } from 'vitest';
import { repairVm } from '../../../src/replication/cycle/repair.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { aPlace, CycleWorld, KiB } from '../../support/cycles.ts';
import { openTest, readImage } from '../../support/repository.ts';

const block = 64 * KiB;
const MiB = 1024 * KiB;

/** A VM with four points, and what its disk held at each. */
async function fourPoints() {
  const world = new CycleWorld(2 * MiB);
  world.disk.write(0, world.random.bytes(2 * MiB));
  const images: Buffer[] = [];
  for (let n = 0; n < 4; n++) {
    world.disk.write(n * block, world.random.bytes(block));
    await world.run();
    images.push(Buffer.from(world.disk.content));
  }
  return { world, images };
}

type World = Awaited<ReturnType<typeof fourPoints>>['world'];
const keys = ({ store }: World, part: string) => [...store.objects.keys()].filter(key => key.includes(part));
const lose = ({ store }: World, key: string) => store.objects.delete(key);
function flip({ store }: World, key: string, at?: number): void {
  const { bytes, modified } = store.objects.get(key)!;
  const altered = Buffer.from(bytes);
  altered[at ?? altered.length >> 1]! ^= 1;
  store.objects.set(key, { bytes: altered, modified });
}
const cut = ({ store }: World, key: string, to = 0.5): void => {
  const { bytes, modified } = store.objects.get(key)!;
  store.objects.set(key, { bytes: bytes.subarray(0, Math.floor(bytes.length * to)), modified });
};

const opened = (world: World) => openTest(world.store, undefined, `repair ${world.store.calls.length}`);

async function repair(world: World, more: { rebuildHead?: boolean; killAt?: number; seen?: number } = {}) {
  const repository = await opened(world);
  let steps = 0;
  return repairVm(repository, repository.vm(world.machine.uuid), {
    ...{ clock: world.clock, random: world.random, rebuildHead: more.rebuildHead ?? false },
    ...(more.seen !== undefined && { seen: more.seen }),
    holders: {
      run: (id, work) => work({ id, pid: 99, start: '', ...aPlace }),
      isAlive: async ({ pid }) => pid !== 99 && !world.dead.has(pid),
    },
    step: async () => {
      if (steps++ === more.killAt) throw new Error('killed');
    },
  });
}

const problems = async (world: World) =>
  (await verify(await opened(world), { note: { at: world.clock.now() } })).problems;

/** Ages the lease, so that nobody can have it. */
const later = (world: World) => world.clock.advance(7 * 60_000);

describe('without the source', () => {
  test.for<[string, (world: World) => void, string[]]>([
    ['nothing is wrong', () => {}, []],
    ['the roster lost its object', world => lose(world, keys(world, 'roster/')[0]!), ['roster']],
    ['the roster names nobody', world => cut(world, keys(world, 'roster/')[0]!, 0), ['roster']],
    ['the lease is empty', world => cut(world, world.key('/lease'), 0), ['lease']],
    ['the lease is gone', world => lose(world, world.key('/lease')), ['lease']],
    ['the head is damaged', world => flip(world, world.key('/head')), ['head']],
    ['the head is gone', world => lose(world, world.key('/head')), ['head']],
    ['the newest point has no object', world => lose(world, keys(world, '/points/').at(-1)!), ['point']],
    [
      'the object of the newest point is damaged',
      world => flip(world, keys(world, '/points/').at(-1)!),
      ['point'],
    ],
    [
      'all of that at once',
      world => {
        cut(world, keys(world, 'roster/')[0]!, 0);
        cut(world, world.key('/lease'), 0);
        flip(world, world.key('/head'));
      },
      ['lease', 'roster', 'head'],
    ],
  ])('%s', async ([, harm, wrote]) => {
    const { world, images } = await fourPoints();
    harm(world);
    await later(world);
    await problems(world);
    // What verify has noted down is taken back with what was written anew.
    expect(await repair(world, { seen: 4 })).toMatchObject({ wrote, pending: [], broken: [] });
    expect(await problems(world)).toEqual([]);
    expect((await repair(world)).wrote).toEqual([]);
    const points = await world.points();
    expect(points.map(({ generation }) => generation)).toEqual([1, 2, 3, 4]);
    const vm = (await opened(world)).vm(world.machine.uuid);
    for (const [n, point] of points.entries())
      expect((await readImage(vm, point)).equals(images[n]!)).toBe(true);
    expect((await world.run()).point.generation).toBe(5);
  });

  test('killed at each step, and run again, it comes to the same', async () => {
    for (let killAt = 0; killAt < 5; killAt++) {
      const { world } = await fourPoints();
      lose(world, keys(world, 'roster/')[0]!);
      cut(world, world.key('/lease'), 0);
      flip(world, world.key('/head'));
      await later(world);
      await repair(world, { killAt, seen: 4 }).catch(() => {});
      await later(world);
      await repair(world, { seen: 4 });
      expect(await problems(world)).toEqual([]);
      expect((await world.run()).point.generation).toBe(5);
    }
  });

  test('a head that may have held a newer point, or is older than one, is made anew only when that is asked for', async () => {
    const { world } = await fourPoints();
    flip(world, world.key('/head'));
    lose(world, keys(world, '/points/').at(-1)!);
    await problems(world);
    const refused = await repair(world);
    expect(refused.pending).not.toContain('head');
    expect(refused).toMatchObject({
      wrote: [],
      head: { did: 'nothing', left: 'newer-known', generation: 3 },
    });
    expect((await repair(world, { rebuildHead: true })).wrote).toEqual(['head']);
    expect((await world.points()).map(({ generation }) => generation)).toEqual([1, 2, 3]);
    const older = await fourPoints();
    const head = older.world.key('/head');
    const before = older.world.store.objects.get(head)!;
    await older.world.run();
    older.world.store.objects.set(head, before);
    expect((await repair(older.world)).head).toEqual({ did: 'nothing', left: 'head-older', generation: 5 });
    expect((await repair(older.world, { rebuildHead: true })).wrote).toEqual(['head']);
    expect((await older.world.run()).point.generation).toBe(6);
  });

  test('where the newest point is damaged with the head, it is given up knowingly and a cycle goes on', async () => {
    const { world, images } = await fourPoints();
    const lost = keys(world, '/points/').at(-1)!;
    flip(world, world.key('/head'));
    flip(world, lost);
    // The cycle says what does it.
    await expect(world.run()).rejects.toMatchObject({
      diagnostics: [{ code: 'damaged-object', hint: expect.stringContaining('converge repair') }],
    });
    expect((await repair(world)).head).toEqual({ did: 'nothing', left: 'newer-known', generation: 3 });
    expect((await repair(world, { rebuildHead: true })).wrote).toEqual(['head']);
    expect(await repair(world)).toMatchObject({ wrote: [], head: { did: 'nothing' } });
    expect((await problems(world)).map(({ object }) => object)).toEqual([lost]);
    // The name of what was given up isn't used again.
    expect((await world.run({ anew: true })).point.generation).toBe(5);
    const vm = (await opened(world)).vm(world.machine.uuid);
    const points = await vm.points(() => {});
    expect(points.map(({ generation }) => generation)).toEqual([1, 2, 3, 5]);
    for (const point of points)
      expect((await readImage(vm, point)).equals(images[point.generation - 1] ?? world.disk.content)).toBe(
        true,
      );
  });

  test('a head that is older than a whole point is not gone on from, though a newer one is damaged', async () => {
    const { world } = await fourPoints();
    const before = world.store.objects.get(world.key('/head'))!;
    await world.run();
    await world.run();
    world.store.objects.set(world.key('/head'), before);
    flip(world, keys(world, '/points/').at(-1)!);
    await expect(world.run()).rejects.toMatchObject({
      diagnostics: [{ code: 'head-rolled-back', hint: expect.stringContaining('--rebuild-head') }],
    });
  });

  test('with head and lease gone, what the head held is known from before, or given up knowingly', async () => {
    const { world } = await fourPoints();
    cut(world, world.key('/lease'), 0);
    flip(world, world.key('/head'));
    await later(world);
    const refused = await repair(world);
    expect(refused).toMatchObject({ wrote: ['lease'], head: { left: 'newer-known', generation: 4 } });
    // The lease that was written since knows no more than that.
    expect((await repair(world)).head.left).toBe('newer-known');
    expect((await repair(world, { rebuildHead: true })).wrote).toEqual(['head']);
  });

  test('a VM of which nothing is left but its place in the roster is not said to be in order', async () => {
    const { world } = await fourPoints();
    for (const key of keys(world, `vms/`)) if (!key.includes('roster')) lose(world, key);
    expect(await repair(world)).toMatchObject({ wrote: ['lease'], isGone: true });
  });

  test('nor is a first copy that died said to be gone', async () => {
    const world = new CycleWorld(2 * MiB);
    await world.killedAt(6, 'gone');
    later(world);
    expect((await repair(world)).isGone).toBeUndefined();
  });

  test('a cycle that is at work is not disturbed', async () => {
    const { world } = await fourPoints();
    await world.killedAt(2, 'gone');
    world.dead.clear();
    const before = new Map(world.store.objects);
    await expect(repair(world)).rejects.toMatchObject({ diagnostics: [{ code: 'lease-held' }] });
    expect(new Map(world.store.objects)).toEqual(before);
  });
});

test('damaged in ten ways, one cycle heals it, and older points byte for byte', async () => {
  const { world, images } = await fourPoints();
  const [big, ...small] = keys(world, '/packs/').toSorted(
    (a, b) => world.store.objects.get(b)!.bytes.length - world.store.objects.get(a)!.bytes.length,
  );
  const other = world.store.objects.get(small[0]!)!;
  // Blocks 0, 6 and 13 of the first copy, which nobody has overwritten since.
  for (const at of [5000, 400_000, 900_000]) flip(world, big!, at);
  cut(world, small[0]!);
  lose(world, small[1]!);
  world.store.objects.set(small[2]!, other);
  lose(world, keys(world, '/index/')[1]!);
  flip(world, keys(world, '/index/').at(-1)!);
  lose(world, keys(world, 'roster/')[0]!);
  flip(world, world.key('/head'));

  expect((await problems(world)).length).toBeGreaterThanOrEqual(6);
  const { warnings, numbers } = await world.run();
  expect(warnings.map(({ code }) => code)).toContain('repository-healed');
  // At the cost of what was damaged, and not of a copy.
  expect(numbers.blocks_healed).toBeLessThan(images[0]!.length / block);
  expect(await problems(world)).toEqual([]);
  const vm = (await opened(world)).vm(world.machine.uuid);
  const points = await vm.points();
  expect(points.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5]);
  for (const [n, point] of points.entries())
    expect((await readImage(vm, point)).equals(images[n] ?? world.disk.content)).toBe(true);
});
