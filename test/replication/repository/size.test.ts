import { expect, test } from 'vitest';
import { vmNames } from '../../../src/replication/format/names.ts';
import { vaultOf } from '../../../src/replication/format/vault.ts';
import { rangeReader } from '../../../src/replication/repository/read/ranges.ts';
import type { VmContext } from '../../../src/replication/repository/read/repository-context.ts';
import { session } from '../../../src/replication/repository/write/commit-session.ts';
import { chooseMerge, LARGE } from '../../../src/replication/repository/write/index-tiers.ts';
import { indexWriter } from '../../../src/replication/repository/write/index-writer.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import {
  aDisk,
  aKey,
  commitImage,
  noStep,
  openTest,
  pointContent,
  readImage,
  VM,
} from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;

test('a hundred small cycles: five PUTs and a few KiB each, few index objects in force', async () => {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  const random = new SeededRandom('cycles');
  const image = random.bytes(64 * K);
  await commitImage(vm, image);
  const seen: { puts: number; metadata: number }[] = [];
  for (let n = 0; n < 100; n++) {
    random.bytes(K).copy(image, (n % 64) * K);
    const before = store.calls.length;
    await commitImage(vm, image, { blocks: [n % 64] });
    const puts = store.calls.slice(before).filter(c => c.name === 'put');
    const metadata = puts.filter(c => !c.key.includes('/packs/')).reduce((sum, c) => sum + c.bytes, 0);
    seen.push({ puts: puts.length, metadata });
  }
  expect(Math.max(...seen.map(s => s.puts))).toBe(5);
  expect(Math.max(...seen.map(s => s.metadata))).toBeLessThan(32 * 1024);
  const points = await vm.points();
  const head = store.calls.length;
  expect((await readImage((await openTest(store)).vm(VM.uuid), points.at(-1)!)).equals(image)).toBe(true);
  const indexes = new Set(
    store.calls
      .slice(head)
      .map(c => c.key)
      .filter(k => k.includes('/index/')),
  );
  expect(indexes.size).toBeLessThanOrEqual(16);
});

test('a disk with more pages than are kept open, put twice over in any order', async () => {
  const store = memoryStore();
  const vm = (await openTest(store, aKey())).vm(VM.uuid);
  const page = 4096 * K;
  const bytes = 80 * page + 5;
  const writer = await vm.writer(undefined);
  const target = await writer.disk(aDisk(bytes));
  const block = (n: number) => Buffer.alloc(K, `content ${n}`);
  const numbers = Array.from({ length: 80 }, (_, n) => n * 4096 + 7);
  for (const n of numbers) await target.put(n, Buffer.alloc(K, 'old'));
  for (const n of numbers.toReversed()) await target.put(n, block(n));
  const done = await writer.commit(pointContent(), noStep);
  if (done === 'lost-race') throw new Error('lost');
  expect(done.totals.blocks_stored).toBe(81);
  const reader = await vm.reader(done.point, done.point.disks[0]!);
  for await (const { index, bytes } of reader.blocks(numbers)) expect(bytes.equals(block(index))).toBe(true);
  expect((await reader.block(80 * 4096)).equals(Buffer.alloc(5))).toBe(true);
});

test.each(['plain', 'encrypted'])(
  '%s: what was compressed well comes in parts, in two places by turns',
  async how => {
    const vm = (await openTest(memoryStore(), how === 'plain' ? undefined : aKey())).vm(VM.uuid);
    const blockSize = 512 * 1024;
    const count = 100;
    const content = (n: number) => Buffer.alloc(blockSize, `block ${n}, and what else is said of it; `);
    const writer = await vm.writer(undefined);
    const target = await writer.disk(aDisk(count * blockSize, { blockSize }));
    for (let n = 0; n < count; n++) await target.put(n, content(n));
    const done = await writer.commit(pointContent(), noStep);
    if (done === 'lost-race') throw new Error('lost');
    const reader = await vm.reader(done.point, done.point.disks[0]!);
    let next = 0;
    const memories = new Set<ArrayBufferLike>();
    for await (const { first, blocks } of reader.extents(Array(count).keys(), { zerosToo: false })) {
      expect(first).toBe(next);
      for (const bytes of blocks) expect(bytes.equals(content(next++))).toBe(true);
      expect(blocks.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(18 * 2 ** 20);
      for (const { buffer } of blocks) memories.add(buffer);
    }
    expect(next).toBe(count);
    expect(memories.size).toBe(2);
  },
);

test('what is stored already is not stored again', async () => {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  const unit = new SeededRandom('unit').bytes(K);
  const first = await commitImage(vm, Buffer.concat([unit, unit, unit]));
  const moved = Buffer.concat([Buffer.alloc(K), new SeededRandom('new').bytes(K), unit]);
  const second = await commitImage(vm, moved);
  if (first === 'lost-race' || second === 'lost-race') throw new Error('lost');
  expect(first.totals.blocks_stored).toBe(1);
  expect(second.totals.blocks_stored).toBe(1);
  expect((await readImage(vm, second.point)).equals(moved)).toBe(true);
});

test('a base of another block size is refused, not misread', async () => {
  const vm = (await openTest(memoryStore())).vm(VM.uuid);
  await commitImage(vm, Buffer.alloc(4 * K, 1));
  await expect(commitImage(vm, Buffer.alloc(4 * K, 1), { disk: { blockSize: 2 * K } })).rejects.toThrow(
    RangeError,
  );
});

const segment = (bytes: number, n: number) => ({ generation: n, id: String(n), bytes, footer: 0 });
const merged = (...sizes: number[]) => chooseMerge(sizes.map(segment), 10).map(s => s.generation);
const from = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n);

test('index objects are merged by size, from the newest back', () => {
  expect(merged(...Array(15).fill(500))).toEqual([]);
  expect(merged(...Array(16).fill(500))).toEqual(from(0, 16));
  expect(merged(2_000_000, ...Array(15).fill(500))).toEqual(from(1, 15));
  expect(merged(...Array(40).fill(LARGE))).toEqual([]);
});

test('a merge never moves entries past a newer object that stays: it ends at the first large one', () => {
  const small = Array(16).fill(500);
  expect(merged(...small, LARGE)).toEqual([]);
  expect(merged(...small, LARGE, ...small)).toEqual(from(17, 16));
  expect(merged(...small, LARGE, ...Array(15).fill(500))).toEqual([]);
});

test('what a first cycle writes of its index is not written again by the second', async () => {
  const store = memoryStore();
  const writer = indexWriter(session(contextOf(store), 1, noStep));
  const ids = new SeededRandom('ids');
  const location = { pack: '00'.repeat(16), offset: 32, length: 100 };
  const page = async (n: number, entries: number) => {
    for (let e = 0; e < entries; e++) writer.note(0, n, ids.bytes(32).toString('latin1'), location);
    await writer.room();
  };
  for (let n = 0; n < 3 * 32; n++) await page(n, 4096);
  const segments = await writer.finish([]);
  expect(segments).toHaveLength(3);
  for (const { bytes } of segments) expect(bytes).toBeGreaterThanOrEqual(LARGE);
});

const contextOf = (store: MemoryStore): VmContext => ({
  store,
  vault: vaultOf(undefined),
  random: new SeededRandom('index'),
  uuid: 'u',
  names: vmNames('u'),
  ranges: rangeReader(store),
});
