import { beforeEach, expect, test } from 'vitest';
import type { Point } from '../../../src/replication/model/point.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { openRepository } from '../../../src/replication/repository/open-repository.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;
const image = new SeededRandom('image').bytes(20 * K);
let store: MemoryStore;

const key = aKey();

beforeEach(async () => {
  store = memoryStore();
  const repository = await openTest(store, key);
  await commitImage(repository.vm(VM.uuid), image);
});

/** The store by a line that alters one bit of the first `times` answers about each key like `which`. */
const badLine = (which: RegExp, times: number): ObjectStore & { altered: number } => {
  const seen = new Map<string, number>();
  const line = {
    ...store,
    altered: 0,
    async get(name: string, options?: Parameters<ObjectStore['get']>[1]) {
      const found = await store.get(name, options);
      const before = seen.get(name) ?? 0;
      if (!found || !which.test(name) || before >= times) return found;
      seen.set(name, before + 1);
      line.altered++;
      const bytes = Buffer.from(found.bytes);
      // A section of the map; elsewhere the end, which is where a reader begins.
      bytes[which.source.includes('pages') ? 60 : bytes.length - 40]! ^= 1;
      return { ...found, bytes };
    },
  };
  return line;
};

const read = async (line: ObjectStore): Promise<Buffer> => {
  const repository = await openRepository(line, { key, random: new SeededRandom('reader') });
  const vm = repository!.vm(VM.uuid);
  const point = (await vm.newest()) as Point;
  return readImage(vm, point);
};

test.each(['/packs/', '/pages/', '/index/', '/head$', '/points/'])(
  'A9: what a bad line altered once is read again: %s',
  async which => {
    if (which === '/points/') store.objects.delete([...store.objects.keys()].find(k => k.endsWith('/head'))!);
    const line = badLine(new RegExp(which), 1);
    expect((await read(line)).equals(image)).toBe(true);
    expect(line.altered).toBeGreaterThan(0);
  },
);

test('A9: damaged twice is damaged, with the pack and the block', async () => {
  const pack = [...store.objects.keys()].find(k => k.includes('/packs/'))!;
  const found = store.objects.get(pack)!;
  const bytes = Buffer.from(found.bytes);
  bytes[32 + 3 * (K + 17) + 100]! ^= 1;
  store.objects.set(pack, { ...found, bytes });
  const before = store.calls.length;
  await expect(read(store)).rejects.toThrow(
    `${pack} is damaged: what is at byte ${32 + 3 * (K + 17)} isn't block 3 of disk 0 as it was written`,
  );
  const gets = store.calls.slice(before).filter(call => call.key === pack);
  expect(gets.length).toBe(2);
});
