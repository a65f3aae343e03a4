import { expect, test } from 'vitest';
import { GRACE } from '../../../src/replication/prune/work.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { contextOf, pruneOnce } from '../../support/prune.ts';
import { commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BLOCK = 64 * 1024;

/** Twelve points, one each day, and what each holds. */
async function site() {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const store = memoryStore('memory://forged', () => clock.now);
  const repository = await openTest(store);
  const random = new SeededRandom('forged');
  const image = random.bytes(8 * BLOCK);
  const vm = repository.vm(VM.uuid);
  const images = new Map<string, Buffer>();
  for (let n = 0; n < 12; n++) {
    random.bytes(BLOCK).copy(image, (n % 8) * BLOCK);
    const made = await commitImage(vm, image, {
      ...(n > 0 && { blocks: [n % 8] }),
      point: { time: clock.now },
    });
    if (made === 'lost-race') throw new Error('lost race');
    images.set(made.point.id, Buffer.from(image));
    clock.now += DAY;
  }
  const { names } = contextOf(repository);
  const pages = [...store.objects.keys()].filter(key => key.includes('/pages/'));
  const demandWhole = async () => {
    for (const point of await vm.points())
      expect((await readImage(vm, point)).equals(images.get(point.id)!)).toBe(true);
    return (await vm.points()).length;
  };
  return { clock, store, repository, vm, names, pages, demandWhole };
}
const policy = { all: DAY, daily: 100 * DAY };

test('points that a record calls broken are kept as long as if they were whole', async () => {
  const { clock, repository, vm, demandWhole } = await site();
  const broken = (await vm.points()).map(({ id, generation }) => ({ id, generation }));
  await vm.damage.write({ damage: 1, objects: [], broken }, undefined);
  for (let n = 0; n < 3; n++) {
    await pruneOnce(repository, { policy });
    clock.now += GRACE + HOUR;
  }
  expect(await demandWhole()).toBe(12);
});

test('maps that a record calls damaged are read before anything of theirs goes', async () => {
  const { clock, repository, vm, pages, names, demandWhole } = await site();
  const objects = pages.map(key => ({
    object: key.slice(names.folder.length),
    why: 'damaged' as const,
    since: clock.now,
  }));
  await vm.damage.write({ damage: 1, objects, broken: [] }, undefined);
  for (let n = 0; n < 3; n++) {
    await pruneOnce(repository, { policy });
    clock.now += GRACE + HOUR;
  }
  expect(await demandWhole()).toBe(12);
});
