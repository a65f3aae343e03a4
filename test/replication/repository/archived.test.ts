import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { world } from '../../support/made-up.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 65536;

/** Three points of one new block each; what `pick` says about a key can't be read. */
async function refusing(code: string, pick: (key: string) => boolean) {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  const random = new SeededRandom('archived');
  const image = random.bytes(4 * K);
  const images: Buffer[] = [];
  for (let n = 0; n < 3; n++) {
    random.bytes(K).copy(image, n * K);
    images.push(Buffer.from(image));
    await commitImage(vm, image, n === 0 ? {} : { blocks: [n] });
  }
  const refused = [...store.objects.keys()].filter(pick);
  expect(refused.length).toBeGreaterThan(0);
  store.before = ({ name, key }) => {
    if (name === 'get' && refused.includes(key))
      throw new Failure(world(code, `${key} can't be read`, { hint: 'ask for it' }));
  };
  return { store, refused, images };
}

test.each(['object-archived', 'aws-access-denied', 'aws-error', 'file-access'])(
  'verify goes on after %s, names each object, and the points that it breaks',
  async code => {
    // The pack and index object of the last commit.
    for (const part of ['packs/', 'index/', 'pages/', 'points/', 'head', 'roster/']) {
      const { store, refused } = await refusing(code, key => key.includes(part));
      const report = await verify(await openTest(store, undefined, 'verifier'));
      const unreadable = report.problems.filter(({ kind }) => kind === 'unreadable').map(p => p.object);
      expect(unreadable, part).toEqual(refused.toSorted());
      const bad = report.points.filter(({ whole }) => !whole);
      // The head holds the newest one.
      const concerned = { 'packs/': 3, 'index/': 3, 'pages/': 3, 'points/': 2 };
      expect(bad.length, part).toBe(concerned[part as keyof typeof concerned] ?? 0);
      expect(
        bad.filter(({ unchecked }) => !unchecked),
        part,
      ).toEqual([]);
      for (const { hint, mended } of report.problems)
        expect([hint, mended]).toEqual(['ask for it.', undefined]);
    }
  },
);

test('an archived pack breaks the points that need it, and no other', async () => {
  let seen = 0;
  const { store, images } = await refusing('object-archived', key => key.includes('packs/') && ++seen === 3);
  const { points } = await verify(await openTest(store, undefined, 'verifier'));
  expect(points.filter(({ whole }) => whole).length).toBeGreaterThan(0);
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  for (const [n, point] of (await vm.points()).entries())
    if (points[n]!.whole) expect((await readImage(vm, point)).equals(images[n]!)).toBe(true);
    else await expect(readImage(vm, point)).rejects.toThrow("can't be read");
});

test('points that are in an archive are passed over, and those of the others listed', async () => {
  const { store, refused } = await refusing('object-archived', key => key.includes('points/000000000001'));
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  const damage: string[] = [];
  const points = await vm.points(failure => damage.push(failure.message));
  expect(points.map(p => p.generation)).toEqual([2, 3]);
  expect(damage).toEqual([`${refused[0]} can't be read`]);
});
