import { expect, test } from 'vitest';
import type { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const image = new SeededRandom('head copy').bytes(3 * 65536);

/** Two points; the object of the newer one has a flipped byte, or holds nothing at all. */
async function harmed(how: 'flipped' | 'emptied') {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  await commitImage(vm, Buffer.alloc(image.length, 1));
  await commitImage(vm, image);
  const key = [...store.objects.keys()].find(k => k.includes('/points/000000000002-'))!;
  const bytes = Buffer.from(store.objects.get(key)!.bytes);
  bytes[60]! ^= 1;
  store.objects.set(key, { bytes: how === 'flipped' ? bytes : Buffer.alloc(0), modified: 0 });
  return { store, key };
}

test.each(['flipped', 'emptied'] as const)(
  'a point whose object is %s is there as long as the head holds it: listed, read, and whole',
  async how => {
    const { store, key } = await harmed(how);
    const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
    const damage: Failure[] = [];
    const points = await vm.points(failure => damage.push(failure));
    expect(points.map(p => p.generation)).toEqual([1, 2]);
    expect(damage.map(d => d.message)).toEqual([expect.stringContaining(`${key} is damaged`)]);
    // By another reader, which has nothing left of the head.
    const other = (await openTest(store, undefined, 'other')).vm(VM.uuid);
    expect((await other.point(points[1]!.id))?.generation).toBe(2);
    expect((await readImage(other, points[1]!)).equals(image)).toBe(true);
    expect((await other.newest())?.generation).toBe(2);
    const report = await verify(await openTest(store, undefined, 'verifier'));
    expect(report.points.map(p => [p.generation, p.whole])).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(report.problems).toMatchObject([{ kind: 'damaged', object: key, breaks: [] }]);
  },
);

test.each(['flipped', 'emptied'] as const)(
  'the next commit puts a point right whose object is %s, before the head forgets it',
  async how => {
    const { store } = await harmed(how);
    await commitImage((await openTest(store, undefined, 'next')).vm(VM.uuid), image);
    const report = await verify(await openTest(store, undefined, 'verifier'));
    expect(report.problems).toEqual([]);
    expect(report.points.map(p => p.whole)).toEqual([true, true, true]);
  },
);

test('when the head is damaged as well, the damage of the point is what is said', async () => {
  const { store, key } = await harmed('flipped');
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  const points = await vm.points(() => {});
  const head = [...store.objects.keys()].find(k => k.endsWith('/head'))!;
  store.objects.set(head, { bytes: Buffer.from('x'), modified: 0 });
  const other = (await openTest(store, undefined, 'other')).vm(VM.uuid);
  await expect(other.point(points[1]!.id)).rejects.toThrow(`${key} is damaged`);
});
