import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { type LockPolicy, lockFrom } from '../../../src/replication/model/object-lock.ts';
import { extendLocks, type LockOptions, planLocks } from '../../../src/replication/prune/extend-locks.ts';
import { GRACE } from '../../../src/replication/prune/work.ts';
import {
  createRepository,
  type OpenRepository,
} from '../../../src/replication/repository/open-repository.ts';
import { decide } from '../../../src/replication/retention/decide.ts';
import { isShort, promisedUntil } from '../../../src/replication/retention/promised.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { contextOf, pruneOnce } from '../../support/prune.ts';
import { commitImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BLOCK = 64 * 1024;
const lock: LockPolicy = { mode: 'compliance', for: 20 * DAY };
const policy = { all: 2 * DAY, daily: 40 * DAY };
let now: number;
let store: MemoryStore;
let repository: OpenRepository;
const random = new SeededRandom('locks');
let image: Buffer;

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  store = memoryStore('memory://locks', () => now);
  const options = { key: undefined, random: new SeededRandom('repository'), lock: () => lockFrom(lock, now) };
  repository = await createRepository(store, options);
  image = random.bytes(8 * BLOCK);
});

async function points(count: number, first = false, block = 3): Promise<void> {
  for (let n = 0; n < count; n++) {
    random.bytes(BLOCK).copy(image, block * BLOCK);
    await commitImage(repository.vm(VM.uuid), image, {
      ...(!(first && n === 0) && { blocks: [block] }),
      point: { time: now },
    });
    now += 12 * HOUR;
  }
}

const options = (more: Partial<LockOptions> = {}): LockOptions => ({
  ...{ lock, policy, now, held: false, pins: async () => new Map(), step: async () => {}, ...more },
});
const plan = (more: Partial<LockOptions> = {}) =>
  planLocks(contextOf(repository), repository.vm(VM.uuid), options(more));
async function extend(more: Partial<LockOptions> = {}) {
  const made = await plan(more);
  return { made, extended: await extendLocks(contextOf(repository), made, options(more)) };
}
async function later(kept: typeof policy | { all: number }) {
  now += GRACE + HOUR;
  return pruneOnce(repository, { policy: kept });
}

const locked = (name: string) =>
  [...store.objects].filter(([key]) => key.includes(name)).map(([, { lock: one }]) => one);
const count = (name: string) => store.calls.filter(one => one.name === name).length;

test('what a cycle writes once is locked, what it replaces is not', async () => {
  await points(2, true);
  for (const name of ['converge.json', 'roster/', '/packs/', '/pages/', '/index/', '/points/'])
    for (const one of locked(name)) expect(one, name).toMatchObject({ mode: 'compliance' });
  for (const name of ['/head', '/lease']) for (const one of locked(name)) expect(one, name).toBeUndefined();
  const [point] = await repository.vm(VM.uuid).points();
  expect(point!.locked).toBe(Date.UTC(2026, 0, 21));
});

test('a pack that newer points need is locked for longer, in as many requests as there are such objects', async () => {
  await points(1, true);
  const old = [...store.objects.keys()].find(key => key.includes('/packs/'))!;
  const first = await extend();
  expect([first.extended, first.made.missing]).toEqual([0, []]);
  store.calls.length = 0;
  await points(8);
  expect((await plan()).needed, 'nothing ends before the next look').toBeUndefined();
  expect(store.calls.filter(({ name }) => name === 'lock-of')).toEqual([]);

  now += 3 * DAY;
  await points(1);
  store.calls.length = 0;
  const dry = await plan();
  expect(dry.short.map(({ object }) => object)).toContain(old.replace(/^vms\/[0-9a-f]+\//, ''));
  expect(store.calls.filter(({ name }) => name === 'extend' || name === 'put')).toEqual([]);
  store.calls.length = 0;
  const { made, extended } = await extend();
  expect(count('extend')).toBe(extended);
  expect(extended).toBe(made.short.length);
  // What was written since is asked for once, and the two that may be replaced each time.
  expect(count('lock-of')).toBe(made.asked);
  expect(store.objects.get(old)!.lock!.until).toBeGreaterThan(now + 19 * DAY);
  expect(store.objects.get(old)!.lock!.until).toBeLessThanOrEqual(now + 20 * DAY + 1000);
  const again = await extend({ force: true });
  expect([again.extended, again.made.asked]).toEqual([0, 2]);
});

test("what only points need that are about to go isn't locked past their time", async () => {
  await points(1, true);
  // Each of these has a pack of its own, which the next no longer needs.
  await points(10);
  now += 6 * DAY;
  await points(1);
  const { made } = await extend();
  const kept = decide(
    (await repository.vm(VM.uuid).points()).map(({ id, generation, time }) => ({ id, generation, at: time })),
    policy,
    now,
  ).filter(({ keep }) => keep);
  expect(kept.length).toBeLessThan(12);
  const untils = made.short.map(({ until }) => until);
  for (const until of untils) expect(until).toBeLessThanOrEqual(now + lock.for + 1000);
  // Every pack of a point that isn't kept is as it was written.
  expect(made.short.filter(({ object }) => object.startsWith('packs/')).length).toBeLessThan(12);
});

test('killed in the middle, the next run goes on; a forged record is asked about', async () => {
  await points(6, true);
  now += 12 * DAY;
  await points(1);
  let steps = 0;
  const step = async (name: string) => {
    if (name === 'locks' && steps++ === 0) throw new Error('killed');
  };
  await expect(extend({ step })).rejects.toThrow('killed');
  const after = await extend();
  expect((await extend({ force: true, ask: true })).extended).toBe(0);
  expect(after.extended).toBe(0);
  for (const one of store.objects.values()) if (one.lock) one.lock.until = now;
  expect((await plan({ force: true })).short, 'by the record all is well').toHaveLength(2);
  expect((await plan({ force: true, ask: true })).short.length).toBeGreaterThan(5);
});

test('the pruner leaves what is locked, says until when, and removes it then', async () => {
  await points(30, true);
  const short = { all: 2 * DAY };
  await pruneOnce(repository, { policy: short });
  now += GRACE + HOUR;
  const kept = await pruneOnce(repository, { policy: short });
  expect(kept.removed.length).toBeLessThan(25);
  expect(kept.locked!.objects).toBeGreaterThan(0);
  expect(kept.locked!.until).toBeGreaterThan(now);
  expect(kept.warnings).toEqual([]);
  now += 40 * DAY;
  const gone = await pruneOnce(repository, { policy: short });
  expect(gone.locked).toBeUndefined();
  expect(gone.removed.length).toBeGreaterThan(0);
  // What they alone needed is marked first.
  await later(short);
  await later(short);
  expect(locked('/packs/').length).toBeLessThan(10);
});

test('no promise reaches past retention or the span, and what is extended is not short at once', () => {
  const rules = fc.record({ all: fc.nat(60), daily: fc.nat(60), monthly: fc.nat(400) });
  fc.assert(
    fc.property(rules, fc.integer({ min: 1, max: 60 }), fc.nat(100), (days, span, age) => {
      const kept = Object.fromEntries(Object.entries(days).map(([rule, n]) => [rule, n * DAY]));
      const one: LockPolicy = { mode: 'governance', for: span * DAY };
      const at = Date.UTC(2026, 5, 1);
      const aged = Array.from({ length: 6 }, (_, n) => ({
        id: `${n}`,
        generation: n,
        at: at - (age - n) * DAY,
      }));
      for (const decision of decide(aged, kept, at)) {
        const until = promisedUntil(decision, kept, one, at);
        expect(until).toBeLessThanOrEqual(at + one.for);
        if (!decision.keep) expect(until).toBe(0);
        else {
          expect(isShort(until, until, one, at)).toBe(false);
          expect(isShort(undefined, until, one, at)).toBe(until > 0);
          // Until the next look nothing that was lengthened now is open.
          expect(isShort(until, Math.min(until, at + one.for), one, at + one.for / 4)).toBe(false);
        }
      }
    }),
  );
});
