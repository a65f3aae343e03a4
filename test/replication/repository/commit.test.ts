import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { world } from '../../support/made-up.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import {
  aDisk,
  aKey,
  aLease,
  commitImage,
  noStep,
  openTest,
  pointContent,
  readImage,
  VM,
} from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;
const image = (seed: string) => new SeededRandom(seed).bytes(3 * K);
const open = async (store: MemoryStore, seed: string) => (await openTest(store, undefined, seed)).vm(VM.uuid);
const headKey = (store: MemoryStore) => [...store.objects.keys()].find(k => k.endsWith('/head'))!;

async function committed(store: MemoryStore, seed: string, options: Parameters<typeof commitImage>[2] = {}) {
  const done = await commitImage(await open(store, seed), image(seed), options);
  if (done === 'lost-race') throw new Error('lost the race');
  return done.point;
}

/** All points are readable, in order, each with the image of its own commit. */
async function expectPoints(store: MemoryStore, seeds: string[]) {
  const repository = await openTest(store, undefined, 'check');
  const vm = repository.vm(VM.uuid);
  const points = await vm.points();
  expect(points.map(p => p.generation)).toEqual(seeds.map((_, n) => n + 1));
  for (const [n, seed] of seeds.entries())
    expect((await readImage(vm, points[n]!)).equals(image(seed))).toBe(true);
  // Nobody holds a lease here, which would explain what a dead cycle left before there was a first point.
  if (seeds.length > 0) expect((await verify(repository)).problems).toEqual([]);
}

test('a kill at any step leaves what was complete, and the next commit goes on from there', async () => {
  const steps: string[] = [];
  const trial = memoryStore();
  await committed(trial, 'a', { step: async name => void steps.push(name) });
  expect(steps).toEqual(['pack', 'pages', 'index', 'roster', 'head', 'point']);

  for (let kill = 0; kill < steps.length; kill++) {
    const store = memoryStore();
    let at = 0;
    const dies = async () => {
      if (at++ === kill) throw new Error('killed');
    };
    await expect(committed(store, 'a', { step: dies })).rejects.toThrow('killed');
    const complete = kill > steps.indexOf('head');
    await expectPoints(store, complete ? ['a'] : []);
    await committed(store, 'b');
    await expectPoints(store, complete ? ['a', 'b'] : ['b']);
  }
});

test('a kill between head and point costs nothing when the next commit is killed there too', async () => {
  const store = memoryStore();
  const dies = async (name: string) => {
    if (name === 'point' && [...store.objects.keys()].some(k => k.endsWith('/head')))
      throw new Error('killed');
  };
  await expect(committed(store, 'a', { step: dies })).rejects.toThrow('killed');
  await expect(committed(store, 'b', { step: dies })).rejects.toThrow('killed');
  await expectPoints(store, ['a']); // b had to settle a first and was killed doing so
  await committed(store, 'b');
  await expectPoints(store, ['a', 'b']);
});

test('of two writers on one head one wins; the other is told, and nothing of it is visible', async () => {
  const store = memoryStore();
  await committed(store, 'a');
  const movers = await Promise.all(
    ['b', 'c'].map(async seed => {
      const vm = await open(store, seed);
      const head = await vm.head();
      const writer = await vm.writer(head);
      const target = await writer.disk(aDisk(3 * K), (await vm.point(head!.head.point))!.disks[0]);
      for (let n = 0; n < 3; n++) await target.put(n, image(seed).subarray(n * K, (n + 1) * K));
      return { seed, writer };
    }),
  );
  const ended = await Promise.all(movers.map(m => m.writer.commit(pointContent(), noStep)));
  const winners = movers.filter((_, n) => ended[n] !== 'lost-race');
  expect(winners).toHaveLength(1);
  await expectPoints(store, ['a', winners[0]!.seed]);
});

test('of two first writers one wins', async () => {
  const store = memoryStore();
  const writers = await Promise.all(
    [open(store, 'b'), open(store, 'c')].map(async vm => (await vm).writer(undefined)),
  );
  const ended = [];
  for (const writer of writers) {
    await writer.disk(aDisk(K));
    ended.push(await writer.commit(pointContent(), noStep));
  }
  expect(ended.map(e => e === 'lost-race')).toEqual([false, true]);
});

describe('a lost answer', () => {
  test.each(['/packs/', '/pages/', '/index/', '/points/', '/head'])(
    'to the PUT of %s that went through',
    async part => {
      const store = memoryStore();
      await committed(store, 'a');
      let lost = 0;
      store.loseAnswer = call => call.key.includes(part) && lost++ === 0;
      await committed(store, 'b');
      expect(lost).toBeGreaterThan(0);
      await expectPoints(store, ['a', 'b']);
    },
  );

  test("to the head's PUT that did not go through is a failure, and nothing is visible", async () => {
    const store = memoryStore();
    await committed(store, 'a');
    store.before = call => {
      if (call.name === 'put' && call.key.endsWith('/head'))
        throw new Failure(world('answer-lost', 'no answer'));
    };
    await expect(committed(store, 'b')).rejects.toThrow('no answer');
    store.before = undefined;
    await expectPoints(store, ['a']);
  });

  test("to the head's PUT, and nobody can tell: the point may be complete", async () => {
    const store = memoryStore();
    await committed(store, 'a');
    store.loseAnswer = call => {
      const lost = call.key.endsWith('/head');
      if (lost)
        store.before = () => {
          throw new Failure(world('unreachable', 'the store is gone'));
        };
      return lost;
    };
    const failure = await committed(store, 'b').catch(error => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure.message).toMatch(/point [0-9a-f]{32} may be complete.*the store is gone/);
    Object.assign(store, { before: undefined, loseAnswer: undefined });
    await expectPoints(store, ['a', 'b']);
  });
});

test('a point whose own object cannot be written is complete all the same, with a warning', async () => {
  const store = memoryStore();
  await committed(store, 'a');
  store.before = call => {
    if (call.name === 'put' && call.key.includes('/points/000000000002-'))
      throw new Failure(world('unreachable', 'the store is gone'));
  };
  const done = await commitImage(await open(store, 'b'), image('b'));
  if (done === 'lost-race') throw new Error('lost');
  expect(done.warnings).toMatchObject([
    { severity: 'warning', message: expect.stringMatching(/is complete.*the store is gone/) },
  ]);
  store.before = undefined;
  await expectPoints(store, ['a', 'b']);
  await committed(store, 'c');
  await expectPoints(store, ['a', 'b', 'c']);
});

test('a point object that is written twice is never sealed twice with one key and nonce', async () => {
  const store = memoryStore();
  const vm = async (seed: string) => (await openTest(store, aKey(), seed)).vm(VM.uuid);
  await commitImage(await vm('a'), image('a'));
  const key = [...store.objects.keys()].find(k => k.includes('/points/'))!;
  const salt = () => store.objects.get(key)!.bytes.subarray(16, 32).toString('hex');
  const first = salt();
  store.objects.delete(key); // as if its PUT had been seen, and lost
  await commitImage(await vm('b'), image('b'));
  expect(salt()).not.toBe(first);
  expect((await readImage(await vm('c'), (await (await vm('c')).points())[0]!)).equals(image('a'))).toBe(
    true,
  );
});

test('without its head a VM keeps its points, generations and stored blocks', async () => {
  const store = memoryStore();
  await committed(store, 'a');
  await committed(store, 'b');
  store.objects.delete(headKey(store));
  const vm = await open(store, 'other');
  expect((await vm.points()).map(p => p.generation)).toEqual([1, 2]);
  expect(await vm.head()).toBeUndefined();
  const newest = (await vm.points()).at(-1)!;
  const writer = await vm.writer(undefined);
  const target = await writer.disk(aDisk(3 * K), newest.disks[0]);
  await target.put(0, image('b').subarray(0, K));
  expect(await writer.commit(pointContent(), noStep)).toMatchObject({ totals: { blocks_stored: 0 } });
  await expectPoints(store, ['a', 'b', 'b']);
});

test('a head that somebody put back is not built upon', async () => {
  const store = memoryStore();
  await committed(store, 'a');
  const old = store.objects.get(headKey(store))!;
  await committed(store, 'b');
  store.objects.set(headKey(store), old);
  await expect(committed(store, 'c')).rejects.toThrow(/names generation 1, but .* is newer/);
});

test('nor when the points right after it were removed', async () => {
  const store = memoryStore();
  await committed(store, 'a');
  const old = store.objects.get(headKey(store))!;
  for (const seed of ['b', 'c']) await committed(store, seed);
  store.objects.set(headKey(store), old);
  store.objects.delete([...store.objects.keys()].find(k => k.includes('/points/000000000002-'))!);
  await expect(committed(store, 'd')).rejects.toThrow(/names generation 1, but .*000000000003-.* is newer/);
});

test('a failed upload ends the cycle with its own error', async () => {
  const store = memoryStore();
  store.before = call => {
    if (call.key.includes('/packs/')) throw new Failure(world('store-failed', 'the store said no'));
  };
  await expect(committed(store, 'a')).rejects.toThrow('the store said no');
  expect([...store.objects.keys()]).toEqual(['converge.json']);
});

test('the lease is compared and swapped', async () => {
  const store = memoryStore();
  const vm = await open(store, 'a');
  expect(await vm.lease.read()).toBeUndefined();
  const first = await vm.lease.write(aLease(1), undefined);
  if (first === 'lost-race') throw new Error('lost');
  expect(await vm.lease.write(aLease(9), undefined)).toBe('lost-race');
  expect(await vm.lease.write(aLease(2), first.etag)).toMatchObject({ etag: expect.any(String) });
  expect(await vm.lease.write(aLease(3), first.etag)).toBe('lost-race');
  expect(await vm.lease.read()).toMatchObject({ value: { epoch: 2 } });
});

test('a lease is read by one request, which tells when it was written', async () => {
  const store = memoryStore('memory://test', () => 1_700_000_000_000);
  const vm = await open(store, 'a');
  await vm.lease.write(aLease(1), undefined);
  store.calls.length = 0;
  expect(await vm.lease.read()).toMatchObject({ value: { epoch: 1 }, modified: 1_700_000_000_000 });
  expect(store.calls.map(({ name }) => name)).toEqual(['get']);
});
