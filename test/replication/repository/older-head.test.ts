import { beforeEach, expect, test } from 'vitest';
import type { Point } from '../../../src/replication/model/point.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;
let store: MemoryStore;
let images: Buffer[];
let points: Point[];
/** The head as each point was committed. */
let heads: { bytes: Buffer; modified: number }[];
const random = new SeededRandom('older-head');
const key = (part: string) => [...store.objects.keys()].find(k => k.includes(part))!;

/** One more point, with one block that is new. */
async function cycle(): Promise<void> {
  const image = Buffer.from(images.at(-1) ?? random.bytes(20 * K));
  const block = images.length;
  random.bytes(K).copy(image, block * K);
  const blocks = images.length > 0 ? { blocks: [block] } : {};
  const done = await commitImage(
    (await openTest(store, undefined, `cycle ${block}`)).vm(VM.uuid),
    image,
    blocks,
  );
  if (done === 'lost-race') throw new Error('lost');
  images.push(image);
  points.push(done.point);
  heads.push(store.objects.get(key('/head'))!);
}

async function expectAll(): Promise<void> {
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  expect(await vm.points()).toEqual(points);
  for (const [n, point] of points.entries())
    expect((await readImage(vm, point)).equals(images[n]!), `point ${n}`).toBe(true);
}

beforeEach(async () => {
  store = memoryStore();
  [images, points, heads] = [[], [], []];
  for (let n = 0; n < 3; n++) await cycle();
});

test('points newer than the head can be restored: a copy took the head first, or an old one was put back', async () => {
  store.objects.set(key('/head'), heads[0]!);
  await expectAll();
  const report = await verify(await openTest(store, undefined, 'verifier'));
  expect(report.problems.map(p => [p.kind, p.breaks])).toEqual([['rolled-back', []]]);
  expect(report.points.map(p => p.whole)).toEqual([true, true, true]);
});

test('the newest that a VM has is the newest point, whatever the head says', async () => {
  const vm = (await openTest(store)).vm(VM.uuid);
  const look = async () => [await vm.newest(), vm.headPutBack];
  expect(await look()).toEqual([points[2], false]);
  store.objects.set(key('/head'), heads[0]!);
  expect(await look()).toEqual([points[2], true]);
  store.objects.delete(key('/head'));
  expect(await look()).toEqual([points[2], false]);
});

test('a commit that ends between two looks is nobody who puts a head back', async () => {
  const vm = (await openTest(store)).vm(VM.uuid);
  let done = false;
  store.before = async ({ name, key: at }) => {
    if (done || name !== 'list' || !at.endsWith('/points/')) return;
    done = true;
    await cycle();
  };
  expect([await vm.newest(), vm.headPutBack]).toEqual([points[3], false]);
});

test("a block that the newest index doesn't know is looked for with the point's own", async () => {
  // The last commit merges all index objects into its own, and that is lost.
  for (let n = 3; n < 17; n++) await cycle();
  const merged = key('/index/000000000017-');
  store.objects.delete(merged);
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  expect((await readImage(vm, points[15]!)).equals(images[15]!)).toBe(true);
  await expect(readImage(vm, points[16]!)).rejects.toThrow(`the repository's object ${merged} is missing`);
  const report = await verify(await openTest(store, undefined, 'verifier'));
  expect(report.problems).toMatchObject([{ kind: 'missing', object: merged, breaks: [points[16]!.id] }]);
});

test.each(['points/', 'head'])('verify finds nothing wrong when a commit ends as it reads %s', async at => {
  let calls = 0;
  for (let nth = 1; ; nth++) {
    let done = false;
    calls = 0;
    store.before = async call => {
      if (done || !call.key.endsWith(`/${at}`) || ++calls !== nth) return;
      done = true;
      await cycle();
    };
    const report = await verify(await openTest(store, undefined, 'verifier'));
    store.before = undefined;
    expect(report.problems, `during call ${nth}`).toEqual([]);
    expect(report.notes, `during call ${nth}`).toEqual([]);
    if (!done) break;
  }
  expect(calls).toBeGreaterThan(0);
  await expectAll();
});
