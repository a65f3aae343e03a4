import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;

describe.each([
  ['plain', undefined],
  ['encrypted', aKey()],
])('%s repository', (_, key) => {
  test('a full commit and an increment read back byte for byte, each by itself', async () => {
    const store = memoryStore();
    const vm = (await openTest(store, key)).vm(VM.uuid);
    const first = new SeededRandom('image').bytes(10 * K + 512);
    first.fill(0, 2 * K, 5 * K);
    const one = await commitImage(vm, first);
    const second = Buffer.from(first);
    second.fill('x', 7 * K, 8 * K);
    second.fill(0, 0, K);
    const puts = store.calls.filter(c => c.name === 'put').length;
    const two = await commitImage(vm, second, { blocks: [0, 3, 7, 8] });
    if (one === 'lost-race' || two === 'lost-race') throw new Error('lost');
    expect(store.calls.filter(c => c.name === 'put').length - puts).toBe(5);
    expect(two.totals).toMatchObject({ blocks_stored: 1, bytes_stored: K });
    expect((await readImage(vm, one.point)).equals(first)).toBe(true);
    expect((await readImage(vm, two.point)).equals(second)).toBe(true);

    const again = (await openTest(store, key, 'other')).vm(VM.uuid);
    const points = await again.points();
    expect(points.map(p => p.generation)).toEqual([1, 2]);
    expect(points).toEqual([one.point, two.point]);
    expect((await readImage(again, points[0]!)).equals(first)).toBe(true);
    expect(await (await openTest(store, key)).vms()).toEqual([VM]);
  });
});
