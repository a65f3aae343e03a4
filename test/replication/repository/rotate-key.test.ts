import { expect, test } from 'vitest';
import { FOREVER } from '../../../src/replication/model/object-lock.ts';
import { locksStore } from '../../../src/replication/repository/locks-store.ts';
import { createRepository, openRepository } from '../../../src/replication/repository/open-repository.ts';
import { rotateKey } from '../../../src/replication/repository/rotate-key.ts';
import { hold, holdsIn } from '../../../src/replication/retention/holds.ts';
import { pin, pinned } from '../../../src/replication/retention/pins.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { contextOf, pruneOnce } from '../../support/prune.ts';
import { aKey, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { failureOf } from '../../vsphere/scripted-server.ts';

const [old, fresh, third] = [aKey('old'), aKey('fresh'), aKey('third')];
const DAY = 24 * 3_600_000;
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

test('what life leaves in a repository is read with the new key, and the locked configuration is locked still', async () => {
  const now = Date.UTC(2026, 0, 20);
  const store = memoryStore('memory://locked', () => now);
  const until = now + 30 * DAY;
  const lock = () => ({ mode: 'compliance' as const, until });
  const before = await createRepository(store, { key: old, random: new SeededRandom('r'), lock });
  const made = [];
  for (let n = 0; n < 5; n++) {
    const one = await commitImage(before.vm(VM.uuid), image, { point: { time: now - (9 - n) * DAY } });
    if (one !== 'lost-race') made.push(one.point);
  }
  const newest = made.at(-1)!;
  await pin(before, 'web/1', [{ vm: VM.uuid, point: newest.id }], 1);
  await hold(before, { vm: 'another', until: FOREVER, at: 1 });
  const object = 'packs/aa/aa';
  const damage = { damage: 1 as const, objects: [{ object, why: 'missing' as const, since: 5 }], broken: [] };
  await before.vm(VM.uuid).damage.write(damage, undefined);
  await locksStore(contextOf(before)).write({ locks: 1, swept: 9, held: [] }, undefined);
  await pruneOnce(before, { policy: { all: DAY }, now });

  await rotateKey(store, { old, fresh, keepOld: false, random });
  expect(store.objects.get('converge.json')!.lock).toEqual({ mode: 'compliance', until });
  const after = await openRepository(store, { key: fresh, random });
  expect(await pinned(after)).toMatchObject([{ holder: 'web/1', point: newest.id }]);
  expect(await holdsIn(after)).toMatchObject([{ vm: 'another' }]);
  expect((await after.vm(VM.uuid).damage.read())!.record).toEqual(damage);
  expect((await locksStore(contextOf(after)).read())!.record).toMatchObject({ swept: 9 });
  // Marks of points that are being removed go on counting, and nothing is taken for a stranger's.
  const listed = (await after.vm(VM.uuid).points()).map(({ id }) => id);
  expect(listed).toEqual(made.slice(2).map(({ id }) => id));
  // What was known to be missing is told as before, and nothing else is found.
  const { problems } = await verify(after, { vm: VM.uuid, level: 'chain' });
  expect(problems.map(one => one.object)).toEqual([contextOf(after).names.folder + object]);
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
    // Also where all was done, and whoever did it wasn't told.
    expect(await rotateKey(store, { old, fresh, keepOld: false, random })).toEqual([fresh.id]);
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
