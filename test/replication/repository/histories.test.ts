import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockCount, PAGE_BLOCKS } from '../../../src/replication/format/blocks.ts';
import type { Point } from '../../../src/replication/model/point.ts';
import type { VmRepository } from '../../../src/replication/model/repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aDisk, aKey, noStep, openTest, pointContent, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SparseDisk } from '../../support/sparse-disk.ts';

const BLOCK = 64 * 1024;
const PAGE = PAGE_BLOCKS * BLOCK;

/** Places that matter: the first blocks, and around the borders of pages and the end. */
const place = fc
  .tuple(fc.constantFrom(0, PAGE - 2 * BLOCK, 2 * PAGE - BLOCK), fc.nat(5 * BLOCK))
  .map(([at, more]) => at + more);
const size = fc
  .tuple(fc.constantFrom(3 * BLOCK, PAGE, 2 * PAGE + BLOCK), fc.constantFrom(0, 1, 512, BLOCK - 1))
  .map(([at, more]) => at + more);
const write = fc.record({
  at: place,
  length: fc.integer({ min: 1, max: 3 * BLOCK }),
  fill: fc.constantFrom('zero', 'random', 'text', 'repeat'),
});
const cycle = fc.record({
  writes: fc.array(write, { maxLength: 6 }),
  /** Blocks that are put although nothing changed, as change tracking reports. */
  extra: fc.array(place, { maxLength: 3 }),
  resize: fc.option(size, { freq: 4 }),
  full: fc.boolean(),
});

let seed = 0;
const content = (fill: string, length: number): Buffer => {
  if (fill === 'zero') return Buffer.alloc(length);
  if (fill === 'random') return new SeededRandom(seed++).bytes(length);
  return Buffer.alloc(length, fill === 'text' ? `line ${seed++}\n` : 'again and again ');
};

async function commit(
  vm: VmRepository,
  disk: SparseDisk,
  touched: Set<number>,
  full: boolean,
): Promise<Point> {
  const head = await vm.head();
  const before = head && (await vm.point(head.head.point));
  const writer = await vm.writer(head);
  const target = await writer.disk(aDisk(disk.bytes), full ? undefined : before?.disks[0]);
  const count = blockCount(disk.bytes, BLOCK);
  for (const block of full ? disk.blocks.keys() : touched)
    if (block < count) await target.put(block, disk.block(block));
  const done = await writer.commit(pointContent(), noStep);
  if (done === 'lost-race') throw new Error('lost the race against nobody');
  return done.point;
}

async function expectContent(
  vm: VmRepository,
  point: Point,
  disk: SparseDisk,
  ever: Set<number>,
): Promise<void> {
  const reader = await vm.reader(point, point.disks[0]!);
  const count = blockCount(disk.bytes, BLOCK);
  const wanted = [...ever, count - 1].filter(n => n < count).sort((a, b) => a - b);
  const seen = new Set<number>();
  for await (const { index, bytes } of reader.blocks(new Set(wanted))) {
    if (!bytes.equals(disk.block(index)))
      throw new Error(`block ${index} of generation ${point.generation} differs`);
    seen.add(index);
  }
  expect(seen).toEqual(new Set(wanted));
  for (let page = 0; page < reader.map.pages; page++) {
    const ids = await reader.map.page(page);
    for (let n = 0; n < ids.length / 32; n++)
      if (
        !disk.blocks.has(page * PAGE_BLOCKS + n) &&
        !ids.subarray(n * 32, n * 32 + 32).equals(Buffer.alloc(32))
      )
        throw new Error(`block ${page * PAGE_BLOCKS + n} should be zero`);
  }
}

test.each([
  ['plain', undefined, 25],
  ['encrypted', aKey(), 10],
])('every point of a random history is what the disk was, in a %s repository', async (_, key, numRuns) => {
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.array(cycle, { minLength: 1, maxLength: 24, size: 'max' }),
      async (bytes, cycles) => {
        const store = memoryStore();
        const vm = (await openTest(store, key)).vm(VM.uuid);
        const disk = new SparseDisk(bytes, BLOCK);
        const history: { point: Point; disk: SparseDisk }[] = [];
        const ever = new Set<number>();
        for (const { writes, extra, resize, full } of cycles) {
          const touched = new Set(extra.map(at => Math.floor(at / BLOCK)));
          if (resize !== null) disk.resize(resize);
          for (const { at, length, fill } of writes)
            for (const n of disk.write(at, content(fill, length))) touched.add(n);
          for (const n of touched) ever.add(n);
          history.push({
            point: await commit(vm, disk, touched, full && history.length % 5 === 0),
            disk: disk.copy(),
          });
        }
        const repository = await openTest(store, key, 'reader');
        const reader = repository.vm(VM.uuid);
        expect(await reader.points()).toEqual(history.map(h => h.point));
        for (const { point, disk: then } of history) await expectContent(reader, point, then, ever);
        const report = await verify(repository);
        expect(report.problems).toEqual([]);
        expect(report.points.map(p => p.whole)).toEqual(history.map(() => true));
      },
    ),
    { numRuns, interruptAfterTimeLimit: 20_000 },
  );
});
