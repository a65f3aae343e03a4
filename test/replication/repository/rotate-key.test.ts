import { expect, test } from 'vitest';
import { openRepository } from '../../../src/replication/repository/open-repository.ts';
import { rotateKey } from '../../../src/replication/repository/rotate-key.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { failureOf } from '../../vsphere/scripted-server.ts';

const [old, fresh, third] = [aKey('old'), aKey('fresh'), aKey('third')];
const random = new SeededRandom('rotation');
const image = new SeededRandom('image').bytes(64 * 1024);

async function withPoint(): Promise<MemoryStore> {
  const store = memoryStore();
  await commitImage((await openTest(store, old)).vm(VM.uuid), image);
  return store;
}

const reads = async (store: MemoryStore, key: typeof old): Promise<boolean> => {
  const vm = (await openRepository(store, { key, random })).vm(VM.uuid);
  const point = (await vm.newest())!;
  return (await (await vm.reader(point, point.disks[0]!)).block(0)).equals(image);
};

/** The store, whose n-th write of the configuration doesn't end well. */
const failing = (store: MemoryStore, n: number, how: 'before' | 'after' | 'raced'): MemoryStore => {
  let puts = 0;
  return {
    ...store,
    put: async (...args: Parameters<MemoryStore['put']>) => {
      if (++puts !== n) return store.put(...args);
      if (how === 'raced') return { ok: false, reason: 'precondition' };
      if (how === 'after') await store.put(...args);
      throw new Error('killed');
    },
  };
};

test('the new key reads what was written under the old one, which is refused; no other object is written', async () => {
  const store = await withPoint();
  const listed = async () => {
    const all = [];
    for await (const one of store.list('')) if (one.key !== 'converge.json') all.push(one);
    return all;
  };
  const before = await listed();
  expect(await rotateKey(store, { old, fresh, keepOld: false, random })).toEqual([fresh.id]);
  expect(await reads(store, fresh)).toBe(true);
  expect((await failureOf(reads(store, old))).has('wrong-key')).toBe(true);
  expect(await listed()).toEqual(before);
});

test('the old key stays as long as it is wanted, and other keys stay for good', async () => {
  const store = await withPoint();
  await rotateKey(store, { old, fresh: third, keepOld: true, random });
  expect(await rotateKey(store, { old, fresh, keepOld: true, random })).toEqual([old.id, third.id, fresh.id]);
  for (const key of [old, third, fresh]) expect(await reads(store, key)).toBe(true);
  expect(await rotateKey(store, { old, fresh, keepOld: false, random })).toEqual([third.id, fresh.id]);
});

test.each([
  [1, 'before', [old]],
  [1, 'after', [old, fresh]],
  [2, 'before', [old, fresh]],
  [2, 'after', [fresh]],
] as const)(
  'killed %s write, %s it: one key at least reads all, and the next rotation ends it',
  async (n, how, opens) => {
    const store = await withPoint();
    const killed = rotateKey(failing(store, n, how), { old, fresh, keepOld: false, random });
    await expect(killed).rejects.toThrow('killed');
    for (const key of opens) expect(await reads(store, key)).toBe(true);
    const again = rotateKey(store, { old, fresh, keepOld: false, random });
    if (opens.some(key => key.id === old.id)) expect(await again).toEqual([fresh.id]);
    else expect((await failureOf(again)).has('wrong-key')).toBe(true);
  },
);

test('what somebody else wrote meanwhile is not written over; the same key and a wrong one are refused', async () => {
  const store = await withPoint();
  const raced = rotateKey(failing(store, 2, 'raced'), { old, fresh, keepOld: false, random });
  expect((await failureOf(raced)).has('configuration-moved')).toBe(true);
  expect(await reads(store, old)).toBe(true);
  const same = rotateKey(store, { old, fresh: old, keepOld: false, random });
  expect((await failureOf(same)).has('same-key')).toBe(true);
  const wrong = rotateKey(store, { old: third, fresh, keepOld: false, random });
  expect((await failureOf(wrong)).has('wrong-key')).toBe(true);
});
