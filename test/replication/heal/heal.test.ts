import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { presenceInterval } from '../../../src/replication/cycle/heal.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { isPending } from '../../../src/replication/model/damage-record.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { world as madeUp } from '../../support/made-up.ts';
import { commitImage, openTest, readImage } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * KiB;
const MiB = 1024 * KiB;

/** A VM of 2 MiB with three points, whose second and third each changed one block that stays. */
async function threePoints() {
  const world = new CycleWorld(2 * MiB);
  const random = new SeededRandom('heal');
  const images: Buffer[] = [];
  world.disk.write(0, random.bytes(2 * MiB));
  for (const block of [undefined, 7, 9]) {
    if (block !== undefined) world.disk.write(block * K, random.bytes(K));
    await world.run();
    images.push(Buffer.from(world.disk.content));
  }
  return { world, images };
}

const look = async (world: CycleWorld) =>
  verify(await openTest(world.store, undefined, 'verifier'), { note: { at: world.clock.now() } });

const vmOf = async (world: CycleWorld) =>
  ((await openTest(world.store, undefined, 'reader')) as OpenRepository).vm(world.machine.uuid);

type Harm = (world: CycleWorld, key: string) => void;
const change = (world: CycleWorld, key: string, alter: (bytes: Buffer) => Buffer | undefined) => {
  const before = world.store.objects.get(key)!;
  const bytes = alter(Buffer.from(before.bytes));
  if (bytes) world.store.objects.set(key, { ...before, bytes });
  else world.store.objects.delete(key);
};
const flip: Harm = (world, key) =>
  change(world, key, bytes => {
    bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  });
const lose: Harm = (world, key) => change(world, key, () => undefined);
const cut: Harm = (world, key) => change(world, key, bytes => bytes.subarray(0, bytes.length >> 1));

const keys = (world: CycleWorld, part: string) =>
  [...world.store.objects.keys()].filter(key => key.includes(part));
const largestPack = (world: CycleWorld) =>
  keys(world, '/packs/').toSorted(
    (a, b) => world.store.objects.get(b)!.bytes.length - world.store.objects.get(a)!.bytes.length,
  )[0]!;

describe('one cycle heals, for older points too', () => {
  test.each<[string, (world: CycleWorld) => void | Promise<void>, number[]]>([
    ['a flipped byte in a pack', world => flip(world, largestPack(world)), []],
    ['a missing pack', world => lose(world, largestPack(world)), [1, 2]],
    ['a truncated pack', world => cut(world, largestPack(world)), []],
    [
      'a pack of another name in its place',
      world => {
        const [one, other] = [
          largestPack(world),
          keys(world, '/packs/').find(key => key !== largestPack(world))!,
        ];
        change(world, one, () => Buffer.from(world.store.objects.get(other)!.bytes));
      },
      [1, 2],
    ],
    ['a missing index object', world => lose(world, keys(world, '/index/')[0]!), []],
    ['a damaged index object', world => flip(world, keys(world, '/index/')[0]!), []],
    ['a lost roster', world => lose(world, keys(world, 'roster/')[0]!), []],
    ['a damaged roster', world => flip(world, keys(world, 'roster/')[0]!), []],
    [
      'two packs and an index object at once',
      world => {
        for (const key of keys(world, '/packs/').slice(0, 2)) lose(world, key);
        flip(world, keys(world, '/index/')[1]!);
      },
      [1, 2],
    ],
    ['a damaged object of the map', world => flip(world, keys(world, '/pages/')[0]!), [1, 2]],
    ['a missing object of the map', world => lose(world, keys(world, '/pages/')[2]!), []],
    ['a damaged newest point, whose head is whole', world => flip(world, keys(world, '/points/')[2]!), []],
    ['a damaged head', world => flip(world, keys(world, '/head')[0]!), []],
    [
      'a damaged head, a flipped byte in a pack and a lost roster at once',
      world => {
        flip(world, keys(world, '/head')[0]!);
        flip(world, largestPack(world));
        lose(world, keys(world, 'roster/')[0]!);
      },
      [],
    ],
    [
      'a pack of another VM',
      async world => {
        const before = new Set(world.store.objects.keys());
        const other = (await openTest(world.store, undefined, 'other')).vm('another-vm');
        await commitImage(other, new SeededRandom('other').bytes(4 * K), {
          point: { vm: { name: 'other', uuid: 'another-vm' } },
        });
        const [foreign] = keys(world, '/packs/').filter(key => !before.has(key));
        const own = largestPack(world);
        change(world, own, () => Buffer.from(world.store.objects.get(foreign!)!.bytes));
      },
      [1, 2],
    ],
  ])('%s', async (_, harm, lost) => {
    const { world, images } = await threePoints();
    await harm(world);
    expect((await look(world)).problems).not.toEqual([]);
    const vm = await vmOf(world);
    expect(isPending((await vm.damage.read())?.record)).toBe(true);
    const { warnings } = await world.run();
    images.push(Buffer.from(world.disk.content));
    const told = warnings.find(({ code }) => code === 'repository-healed' || code === 'points-broken')!;
    const isNothing = /: 0 earlier points .* stay broken/.test(told.message);
    expect(told.code).toBe(isNothing ? 'points-broken' : 'repository-healed');
    const { problems, points: all } = await look(world);
    const points = all.filter(({ vm }) => vm.uuid === world.machine.uuid);
    // Blocks 7 and 9 as they were before are nowhere at the source any more.
    const broken = points.filter(({ whole }) => !whole).map(({ generation }) => generation);
    const after = await vmOf(world);
    const record = (await after.damage.read())?.record;
    expect(isPending(record)).toBe(false);
    expect(record?.broken.map(({ generation }) => generation) ?? []).toEqual(lost);
    for (const point of await after.points(() => {})) {
      if (lost.includes(point.generation)) continue;
      expect((await readImage(after, point)).equals(images[point.generation - 1]!)).toBe(true);
    }
    expect(points.at(-1)!.whole).toBe(true);
    expect(lost).toEqual(expect.arrayContaining(broken));
    // Whatever is still wrong is what keeps those from being restored.
    expect(problems.every(({ breaks }) => breaks.length > 0)).toBe(true);
    if (lost.length === 0) expect(problems).toEqual([]);
  });
});

test("an older point's own object is nothing that a cycle could store again: it is broken, and nothing is pending", async () => {
  for (const harm of [flip, lose]) {
    const { world, images } = await threePoints();
    harm(world, keys(world, '/points/')[1]!);
    expect((await look(world)).problems).toMatchObject([{ breaks: [expect.any(String)] }]);
    const record = (await (await vmOf(world)).damage.read())?.record;
    expect([isPending(record), record?.broken.map(({ generation }) => generation)]).toEqual([false, [2]]);
    const { warnings, numbers } = await world.run();
    expect([warnings, numbers.blocks_healed]).toEqual([[], 0]);
    images.push(Buffer.from(world.disk.content));
    const { points } = await look(world);
    expect(points.map(({ generation, whole }) => [generation, whole])).toEqual([
      ...[
        [1, true],
        [2, false],
      ],
      ...[
        [3, true],
        [4, true],
      ],
    ]);
    const after = await vmOf(world);
    for (const point of await after.points(() => {}))
      expect((await readImage(after, point)).equals(images[point.generation - 1]!)).toBe(true);
  }
});

test('healing costs its blocks, and not a copy of the disk', async () => {
  const { world } = await threePoints();
  const smallest = keys(world, '/packs/').toSorted(
    (a, b) => world.store.objects.get(a)!.bytes.length - world.store.objects.get(b)!.bytes.length,
  )[0]!;
  await world.run();
  world.store.calls.length = 0;
  await world.run();
  const unchanged = world.store.calls.length;
  // The pack of one block that is still what the source has.
  lose(world, smallest);
  await look(world);
  world.store.calls.length = 0;
  const { numbers } = await world.run();
  const puts = world.store.calls.filter(({ name }) => name === 'put');
  expect(numbers).toMatchObject({ blocks_read: 1, blocks_healed: 1, bytes_read: K });
  expect(puts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2 * K);
  expect(world.store.calls.length).toBeLessThan(unchanged + 25);
  expect((await look(world)).points.every(({ whole }) => whole)).toBe(true);
});

test('a cycle in which nothing changed makes nine requests, a look at damage among them; the head tells of failovers', async () => {
  const { world } = await threePoints();
  const store = world.store;
  const process = await world.process();
  const proven = { ...process.repository, conditions: { proven: true, passed: async () => {} } };
  store.calls.length = 0;
  await world.clock.advance(60_000);
  await runCycle({ ...process, repository: proven });
  // Beside the configuration, which a command reads once for all its VMs.
  expect(store.calls.map(({ name, key }) => `${name} ${key.split('/').slice(2, 3)}`)).toEqual([
    'get lease',
    'put lease',
    'get head',
    'get damage',
    // The map and the names of the points.
    'list p',
    'get points',
    'put head',
    'put points',
    'put lease',
  ]);
});

test('once a day a cycle looks whether all is there, heals what is missing, and says nothing of what is whole', async () => {
  const { world } = await threePoints();
  lose(world, largestPack(world));
  // Nobody has looked: what is missing isn't known, and the day isn't over.
  expect((await world.run()).numbers.blocks_healed).toBe(0);
  await world.clock.advance(presenceInterval);
  const { numbers, warnings, point } = await world.run();
  expect(numbers.blocks_healed).toBe(30);
  expect(warnings.map(({ code }) => code)).toContain('repository-healed');
  expect(point.presence).toBe(world.clock.now());
  world.store.calls.length = 0;
  await world.clock.advance(presenceInterval);
  expect((await world.run()).warnings).toEqual([]);
  expect(world.store.calls.filter(({ name }) => name === 'list')).toHaveLength(3);
  expect((await look(world)).points.at(-1)!.whole).toBe(true);
});

test.each<[string, Harm]>([
  ['removed', lose],
  ['cut off', cut],
])(
  'what of the map was %s since is found by the very next cycle, which lists no point without it',
  async (_, harm) => {
    const { world, images } = await threePoints();
    harm(world, keys(world, '/pages/')[0]!);
    const { point, warnings, numbers } = await world.run();
    expect(warnings.map(({ code }) => code)).toEqual(['repository-healed']);
    expect(numbers.blocks_stored).toBe(0);
    expect((await readImage(await vmOf(world), point)).equals(images[2]!)).toBe(true);
    expect((await look(world)).points.map(({ whole }) => whole)).toEqual([false, false, true, true]);
  },
);

test('a cycle that stores something sees that the index is there, and makes again what is not', async () => {
  const { world, images } = await threePoints();
  for (const key of keys(world, '/index/').slice(0, 2)) lose(world, key);
  world.disk.write(20 * K, new SeededRandom('more').bytes(K));
  const { warnings } = await world.run();
  expect(warnings.map(({ code }) => code)).toEqual(['repository-healed']);
  const vm = await vmOf(world);
  images.push(Buffer.from(world.disk.content));
  for (const point of await vm.points())
    expect((await readImage(vm, point)).equals(images[point.generation - 1]!)).toBe(true);
  expect((await look(world)).points.every(({ whole }) => whole)).toBe(true);
});

test('--full stores all anew, which heals older points without anybody having looked', async () => {
  const { world, images } = await threePoints();
  for (const key of keys(world, '/packs/')) lose(world, key);
  await world.run({ full: true });
  const vm = await vmOf(world);
  const points = await vm.points();
  for (const generation of [3, 4]) {
    const image = await readImage(vm, points.find(point => point.generation === generation)!);
    expect(image.equals(images[2]!)).toBe(true);
  }
  const { points: seen } = await look(world);
  expect(seen.filter(({ whole }) => whole).map(({ generation }) => generation)).toEqual([3, 4]);
});

test('a verify that may not write says so, and finds the same', async () => {
  const { world } = await threePoints();
  lose(world, largestPack(world));
  world.store.before = ({ name, key }) => {
    if (name === 'put' && key.endsWith('/damage')) throw new Failure(madeUp('aws-access-denied', 'no'));
  };
  const { problems, unnoted } = await look(world);
  expect(problems).not.toEqual([]);
  expect(unnoted.map(({ code }) => code)).toEqual(['aws-access-denied']);
});

test('what one read altered and the next did not is not damage', async () => {
  const { world } = await threePoints();
  const key = largestPack(world);
  const { get } = world.store;
  let altered = 0;
  world.store.get = async (asked, options) => {
    const found = await get(asked, options);
    if (found && asked === key && altered++ === 0) found.bytes[found.bytes.length >> 1]! ^= 1;
    return found;
  };
  const { problems, notes } = await look(world);
  expect(problems).toEqual([]);
  expect(notes.join()).toContain('whole when it was read again');
  expect(await (await vmOf(world)).damage.read()).toBeUndefined();
});

test('a damaged head that may have held a newer point is left for a person to decide on', async () => {
  const { world } = await threePoints();
  lose(world, keys(world, '/points/')[2]!);
  flip(world, keys(world, '/head')[0]!);
  await expect(world.run()).rejects.toThrow(/head is damaged/);
});

test('an older head that was put back is refused by the next cycle, which hides no point', async () => {
  const { world } = await threePoints();
  const key = keys(world, '/head')[0]!;
  const older = world.store.objects.get(key)!;
  await world.run();
  world.store.objects.set(key, older);
  await expect(world.run()).rejects.toThrow(/names generation 3, but .* is newer/);
  expect((await look(world)).problems.map(({ kind }) => kind)).toContain('rolled-back');
});
