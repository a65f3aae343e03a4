import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { presenceInterval } from '../../../src/replication/cycle/heal.ts';
import { ID_BYTES } from '../../../src/replication/format/blocks.ts';
import { encodeDelta, mergePage } from '../../../src/replication/format/page-map.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import { idsWithout, type Section } from '../../../src/replication/repository/write/section-values.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { openTest, readImage } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * KiB;
/** Of each of the two disks: a page of the map each. */
const BLOCKS = 16;

const keys = (world: CycleWorld, part: string) =>
  [...world.store.objects.keys()].filter(key => key.includes(part));
const look = async (world: CycleWorld) =>
  verify(await openTest(world.store, undefined, 'verifier'), { note: { at: world.clock.now() } });
const vmOf = async (world: CycleWorld) =>
  ((await openTest(world.store, undefined, 'reader')) as OpenRepository).vm(world.machine.uuid);
const content = ({ machine }: CycleWorld) => machine.disks.map(disk => Buffer.from(disk.content));

/** A VM with a point of all of it, and one for each block (disk, number) that changed after that. */
async function pointsOf(...changes: [disk: number, block: number][]) {
  const world = new CycleWorld(BLOCKS * K, BLOCKS * K);
  const random = new SeededRandom('maps');
  const images: Buffer[][] = [];
  for (const disk of world.machine.disks) disk.write(0, random.bytes(BLOCKS * K));
  for (const change of [undefined, ...changes]) {
    if (change) world.machine.disks[change[0]]!.write(change[1] * K, random.bytes(K));
    await world.run();
    images.push(content(world));
  }
  const pages = keys(world, '/pages/');
  /** What one cycle heals; what can be restored then is compared. */
  const heal = async () => {
    await look(world);
    const before = (await (await vmOf(world)).damage.read())!.record!.broken.length;
    const { numbers, warnings } = await world.run();
    images.push(content(world));
    const vm = await vmOf(world);
    const broken = (await vm.damage.read())?.record?.broken ?? [];
    for (const point of await vm.points())
      for (const n of broken.some(({ id }) => id === point.id) ? [] : [0, 1])
        expect((await readImage(vm, point, n)).equals(images[point.generation - 1]![n]!)).toBe(true);
    const { points, problems } = await look(world);
    expect(points.filter(({ whole }) => !whole).map(({ id }) => id)).toEqual(broken.map(({ id }) => id));
    return {
      before,
      broken: broken.map(({ generation, why }) => `${generation} ${why}`),
      problems: problems.length,
      numbers,
      told: warnings.map(({ message }) => message).join('\n'),
    };
  };
  return { world, random, pages, images, heal };
}

describe('a lost page of the map is made again from what the VM has not changed', () => {
  test('for all points that share it: one cycle reads it, stores no block, and says what stays broken', async () => {
    const { world, pages, heal } = await pointsOf([1, 7], [1, 8]);
    // What the first copy wrote of both disks.
    world.store.objects.delete(pages[0]!);
    await look(world);
    const { before, broken, numbers, told } = await heal();
    expect(before).toBe(3);
    // What was at a place before another point put something there stands nowhere.
    expect(broken).toEqual(['1 map', '2 map']);
    expect(numbers).toMatchObject({ blocks_stored: 0, blocks_healed: 0, blocks_read: 2 * BLOCKS });
    expect(told).toMatch(/1 earlier point can be restored again; these stay broken: .*its map is lost where/);
  });

  test('and what a point had on top of it is read from the sections that are left', async () => {
    const { world, pages, heal } = await pointsOf([0, 1], [1, 2], [0, 3]);
    // That of the second point; the fourth has something on top of it, at another place.
    world.store.objects.delete(pages[1]!);
    expect(await heal()).toMatchObject({ before: 3, broken: ['2 map', '3 map'] });
    const apart = await pointsOf([0, 1], [1, 2], [1, 3]);
    apart.world.store.objects.delete(apart.pages[1]!);
    expect(await apart.heal()).toMatchObject({ before: 3, broken: [], problems: 0 });
  });

  test('also by a look at presence, which nobody has told of points', async () => {
    const { world, pages, images } = await pointsOf([0, 1], [1, 2]);
    world.store.objects.delete(pages[0]!);
    await world.clock.advance(presenceInterval);
    await world.run();
    const vm = await vmOf(world);
    const broken = (await vm.damage.read())!.record!.broken;
    expect(broken.map(({ generation, why }) => [generation, why])).toEqual([
      [1, 'map'],
      [2, 'map'],
    ]);
    const third = (await vm.points()).find(({ generation }) => generation === 3)!;
    expect((await readImage(vm, third, 1)).equals(images[2]![1]!)).toBe(true);
  });

  test('a block that has changed since is lost with it', async () => {
    const { world, random, pages, heal } = await pointsOf([0, 1]);
    world.store.objects.delete(pages[1]!);
    world.disk.write(5 * K, random.bytes(K));
    expect((await heal()).broken).toEqual(['2 map']);
  });

  test('nothing is made of what change tracking has left out, and nothing where it can not be asked', async () => {
    const lied = await pointsOf([0, 1]);
    lied.world.store.objects.delete(lied.pages[1]!);
    lied.random.bytes(K).copy(lied.world.disk.content, 5 * K);
    expect((await lied.heal()).broken).toEqual(['2 map']);
    const off = await pointsOf([0, 1]);
    off.world.store.objects.delete(off.pages[1]!);
    off.world.machine.changeTracking = false;
    expect((await off.heal()).broken).toEqual(['2 map']);
  });

  test('whatever step the cycle is killed at, the next one heals as much', async () => {
    const broken = async (at: number) => {
      const { world, pages, heal, images } = await pointsOf([0, 1], [1, 2]);
      world.store.objects.delete(pages[1]!);
      await look(world);
      const steps = await world.killedAt(at, 'gone');
      await world.clock.advance(10 * 60_000);
      const made = (await world.points()).length;
      for (let n = images.length; n < made; n++) images.push(content(world));
      return { steps, left: (await heal()).broken };
    };
    const { steps } = await broken(Number.POSITIVE_INFINITY);
    expect(steps.filter(step => step === 'point').length, 'two of them mended, and the new one').toBe(3);
    for (let at = steps.indexOf('pages'); at < steps.length; at++)
      expect((await broken(at)).left, steps[at]).toEqual([]);
  });
});

test('what is told of a page some of whose sections are lost is what it was', () => {
  const size = 6;
  const id = (n: number) => Buffer.alloc(ID_BYTES, n);
  const layer = fc.dictionary(fc.constantFrom(...'012345'), fc.integer({ min: 0, max: 3 }), { minKeys: 1 });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: size, maxLength: size }),
      fc.array(layer, { maxLength: 4 }),
      fc.nat(4),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
      (base, deltas, depth, lost, changed) => {
        const payloads = [
          Buffer.concat(base.map(id)),
          ...deltas.map(delta => {
            const ids = Buffer.alloc(size * ID_BYTES);
            for (const [block, n] of Object.entries(delta)) id(n).copy(ids, Number(block) * ID_BYTES);
            return encodeDelta(Object.keys(delta).map(Number), ids);
          }),
        ];
        const whole = (count: number) => {
          const ids = Buffer.alloc(size * ID_BYTES);
          mergePage(ids, payloads[0], payloads.slice(1, count));
          return ids;
        };
        const sections = payloads.map(
          (payload, n): Section => ({
            kind: n === 0 ? 'base' : 'delta',
            ref: { object: 'o', offset: n, length: 1 },
            payload: lost[n] ? undefined : payload,
          }),
        );
        const current = whole(payloads.length);
        for (const block of changed) id(9).copy(current, block * ID_BYTES);
        const own = sections.slice(0, Math.min(depth, deltas.length) + 1);
        const told = idsWithout(own, sections, { current, unknown: new Set(changed), blocks: size });
        if (told) expect(told.equals(whole(own.length))).toBe(true);
        if (
          changed.length === 0 &&
          own.length === sections.length &&
          !lost.slice(1, sections.length).some(Boolean)
        )
          expect(told !== undefined || deltas.length > 0).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
