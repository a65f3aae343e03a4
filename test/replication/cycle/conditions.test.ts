import { describe, expect, test } from 'vitest';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { createRepository, openRepository } from '../../../src/replication/repository/open-repository.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const block = 64 * KiB;
const random = new SeededRandom('conditions');

/** A server that takes every PUT, whatever it was told to look at. */
const ignoring = (store: MemoryStore, what: 'ifNoneMatch' | 'ifMatch'): ObjectStore => ({
  ...store,
  async put(key, bytes, options) {
    if (what in options.when) store.objects.delete(key);
    return store.put(key, bytes, what in options.when ? { ...options, when: { ifNoneMatch: '*' } } : options);
  },
});

/** A proxy that turns all ETags into weak ones, which no If-Match ever fits (RFC 9110, 13.1.1). */
const weak = (store: MemoryStore): ObjectStore => {
  const weaken = <T extends { etag: string }>(one: T): T => ({ ...one, etag: `W/${one.etag}` });
  return {
    ...store,
    async get(key, options) {
      const found = await store.get(key, options);
      return found && weaken(found);
    },
    async head(key) {
      const found = await store.head(key);
      return found && weaken(found);
    },
    async put(key, bytes, options) {
      const done = await store.put(key, bytes, options);
      return done.ok ? weaken(done) : done;
    },
  };
};

/** A proxy that tells the same of all versions: nothing, or what it has in its cache. */
const unchanging = (told: string) => (store: MemoryStore) =>
  ({
    ...store,
    async get(key, options) {
      const found = await store.get(key, options);
      return found && { ...found, etag: told };
    },
    async head(key) {
      const found = await store.head(key);
      return found && { ...found, etag: told };
    },
    async put(key, bytes, { when }) {
      const there = await store.head(key);
      if ('ifMatch' in when ? !there || when.ifMatch !== told : there)
        return { ok: false, reason: 'precondition' };
      store.objects.delete(key);
      return { ...(await store.put(key, bytes, { when: { ifNoneMatch: '*' } })), etag: told };
    },
  }) satisfies ObjectStore as ObjectStore;

async function cycleOn(make: (store: MemoryStore) => ObjectStore) {
  const cycles = new CycleWorld(block);
  const store = memoryStore('memory://test', () => cycles.clock.now());
  const repository = await createRepository(make(store), { random });
  return { cycles, run: async () => runCycle({ ...(await cycles.process()), repository }) };
}

describe('a store that no two cycles can share is refused before anything is read', () => {
  test('because it overwrites what is there', async () => {
    const store = memoryStore();
    await expect(createRepository(ignoring(store, 'ifNoneMatch'), { random })).rejects.toMatchObject({
      diagnostics: [
        { code: 'store-unsuitable', category: 'world', message: expect.stringContaining('converge.json') },
      ],
    });
    // The trial has left a configuration that still opens, and is refused the next time, too.
    expect(await openRepository(store, { random })).toMatchObject({ encrypted: false });
    await expect(createRepository(ignoring(store, 'ifNoneMatch'), { random })).rejects.toThrow(
      'converge.json',
    );
  });

  test('because it replaces another version than it was asked to', async () => {
    const { cycles, run } = await cycleOn(store => ignoring(store, 'ifMatch'));
    await expect(run()).rejects.toMatchObject({
      diagnostics: [{ code: 'store-unsuitable', message: expect.stringContaining('another version') }],
    });
    expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  });

  test.each([
    ['', 'it gives no ETag'],
    ['one', 'it gives two versions of an object the same ETag, one'],
  ])('because nothing is told by its ETag: "%s"', async (told, why) => {
    const { cycles, run } = await cycleOn(unchanging(told));
    await expect(run()).rejects.toMatchObject({
      diagnostics: [{ code: 'store-unsuitable', message: expect.stringContaining(why) }],
    });
    expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  });

  test('but not because it tells its ETags to readers alone', async () => {
    const { run } = await cycleOn(store => ({
      ...store,
      put: async (...args) => ({ ...(await store.put(...args)), etag: '' }),
    }));
    await run();
    expect(await run()).toMatchObject({ point: { generation: 2 } });
  });

  test('because its ETags are weak: nobody else ended a cycle', async () => {
    const { cycles, run } = await cycleOn(weak);
    await expect(run()).rejects.toMatchObject({
      diagnostics: [{ code: 'store-unsuitable', message: expect.stringMatching(/very ETag.*weak/) }],
    });
    expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  });
});

test('ETags that became weak after the store was tried are said as such at the lease', async () => {
  const { cycles, run } = await cycleOn(store => store);
  await run();
  const store = memoryStore('memory://test', () => cycles.clock.now());
  const first = await createRepository(store, { random });
  await runCycle({ ...(await cycles.process()), repository: first });
  const proven = { proven: true, passed: async () => {} };
  const later = await createRepository(weak(store), { random, conditions: () => proven });
  await expect(runCycle({ ...(await cycles.process()), repository: later })).rejects.toMatchObject({
    diagnostics: [{ code: 'store-unsuitable' }],
  });
});

test('a good store is tried by one repository once, and readers never try it', async () => {
  const cycles = new CycleWorld(block);
  const puts = () =>
    cycles.store.calls.filter(call => call.name === 'put').map(({ key }) => key.split('/').at(-1)!);
  const repository = await createRepository(cycles.store, { random });
  expect(puts()).toEqual(['converge.json', 'converge.json']);
  await runCycle({ ...(await cycles.process()), repository });
  cycles.store.calls.length = 0;
  await runCycle({ ...(await cycles.process()), repository });
  // Taken and given up.
  expect(puts().filter(name => name === 'lease')).toHaveLength(2);
  cycles.store.calls.length = 0;
  await openRepository(cycles.store, { random });
  expect(puts()).toEqual([]);
});
