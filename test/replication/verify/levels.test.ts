import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import type { Level } from '../../../src/replication/model/check-memory.ts';
import { type VerifyOptions, verify } from '../../../src/replication/verify/verify.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { world as madeUp } from '../../support/made-up.ts';
import { openTest } from '../../support/repository.ts';

const block = 64 * KiB;
const day = 24 * 3600_000;

/** A VM with six points, each of which wrote a pack of its own. */
async function sixPacks(): Promise<CycleWorld> {
  const world = new CycleWorld(8 * block);
  for (let n = 0; n < 6; n++) {
    world.disk.write(n * block, world.random.bytes(block));
    await world.run();
  }
  return world;
}

const packsOf = ({ store }: CycleWorld) => [...store.objects.keys()].filter(key => key.includes('/packs/'));
const look = async (world: CycleWorld, level: Level, more: VerifyOptions = {}, after = 0) =>
  verify(await openTest(world.store, undefined, 'verifier'), {
    ...{ level, note: { at: world.clock.now() + after } },
    ...more,
  });
const alter = ({ store }: CycleWorld, key: string, to: (bytes: Buffer) => Buffer) => {
  const before = store.objects.get(key)!;
  store.objects.set(key, { ...before, bytes: to(Buffer.from(before.bytes)) });
};
const flip = (bytes: Buffer) => {
  bytes[bytes.length - 30]! ^= 1;
  bytes[500]! ^= 1;
  return bytes;
};
const kinds = ({ problems }: Awaited<ReturnType<typeof look>>) => problems.map(({ kind }) => kind);

test('each level finds what it looks at, and says nothing of the rest', async () => {
  const levels = ['chain', 'presence', 'full'] as const;
  const found: Record<string, unknown> = {};
  for (const [harm, act] of [
    ['gone', ({ store }: CycleWorld, key: string) => void store.objects.delete(key)],
    ['cut off', (world: CycleWorld, key: string) => alter(world, key, bytes => bytes.subarray(0, 90))],
    ['altered', (world: CycleWorld, key: string) => alter(world, key, flip)],
  ] as const)
    for (const level of levels) {
      const world = await sixPacks();
      act(world, packsOf(world)[2]!);
      const report = await look(world, level);
      found[`${harm}: ${level}`] = [kinds(report).join(), report.packs.read];
    }
  expect(found).toEqual({
    'gone: chain': ['', 0],
    'gone: presence': ['missing', 0],
    'gone: full': ['missing', 5],
    'cut off: chain': ['', 0],
    'cut off: presence': ['damaged', 0],
    'cut off: full': ['damaged', 6],
    'altered: chain': ['', 0],
    'altered: presence': ['', 0],
    'altered: full': ['damaged', 6],
  });
});

test('no content is read below a sample: not one request for a pack', async () => {
  const world = await sixPacks();
  const asked: string[] = [];
  const store = {
    ...world.store,
    get: (...of: Parameters<typeof world.store.get>) => {
      asked.push(of[0]);
      return world.store.get(...of);
    },
  };
  for (const level of ['chain', 'presence'] as const)
    await verify(await openTest(store, undefined, 'verifier'), { level });
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(key => key.includes('/packs/'))).toEqual([]);
});

test('samples go on where the last one ended, until everything was read, and coverage says how much was', async () => {
  const world = await sixPacks();
  const seen: number[] = [];
  for (let run = 0; run < 6; run++) {
    const { packs } = await look(world, 'sample', { sample: { percent: 1 } }, run * day);
    expect(packs.there).toBe(6);
    expect(packs.read).toBe(1);
    seen.push(packs.bytes_read_in_30_days / packs.bytes);
  }
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
  // A month later what was read is no longer said to have been read of late.
  const late = await look(world, 'presence', {}, 33 * day);
  expect(late.packs.bytes_read_in_30_days).toBeLessThan(late.packs.bytes);
  expect(late.packs.bytes_read_in_30_days).toBeGreaterThan(0);
});

test('what was read of late is a share of what points need: a lost pack lacks in it, and nothing else counts', async () => {
  const world = await sixPacks();
  const share = async (now: number) => {
    const { packs } = await look(world, 'full', {}, now);
    return [packs.bytes_read_in_30_days, packs.bytes_needed];
  };
  const [all, needed] = await share(0);
  expect(all).toBe(needed);
  // Nobody refers to it: whether it is whole is of no concern.
  const [first] = packsOf(world);
  const stray = first!.replace(/[^/]+\/[^/]+$/, `ff/${'f'.repeat(32)}`);
  world.store.objects.set(stray, { ...world.store.objects.get(first!)! });
  expect(await share(day)).toEqual([all, needed]);
  world.store.objects.delete(stray);
  const lost = world.store.objects.get(first!)!.bytes.length;
  world.store.objects.delete(first!);
  const [left, still] = await share(2 * day);
  expect(left).toBe(all! - lost);
  expect(still).toBeGreaterThan(left!);
});

test('a pack that is altered is found within one lap, and keeps no other from its turn', async () => {
  const world = await sixPacks();
  const bad = packsOf(world)[4]!;
  const whole = world.store.objects.get(bad)!;
  alter(world, bad, flip);
  const reports = [];
  for (let run = 0; run < 6; run++)
    reports.push(await look(world, 'sample', { sample: { percent: 1 } }, run * day));
  // Until it is whole it is said by each run, whether its turn has come again or not.
  const first = reports.findIndex(report => kinds(report).length > 0);
  expect(first).toBeGreaterThanOrEqual(0);
  expect(reports.slice(first).map(kinds)).toEqual(reports.slice(first).map(() => ['damaged']));
  const { packs } = await look(world, 'chain', {}, 6 * day);
  // All others have had their turn; what isn't whole doesn't count as read.
  expect(packs.bytes - packs.bytes_read_in_30_days).toBe(world.store.objects.get(bad)!.bytes.length);
  // A level that doesn't read it neither takes the damage back nor calls its points whole.
  const chain = await look(world, 'chain', {}, 7 * day);
  expect([kinds(chain), chain.points.some(point => !point.whole)]).toEqual([['damaged'], true]);
  world.store.objects.set(bad, whole);
  for (let run = 8; run < 14; run++) await look(world, 'sample', { sample: { percent: 1 } }, run * day);
  expect(kinds(await look(world, 'sample', { sample: { percent: 1 } }, 14 * day))).toEqual([]);
  expect((await look(world, 'chain', {}, 14 * day)).points.every(point => point.whole)).toBe(true);
});

test('a pack that the store refuses keeps no other from its turn', async () => {
  const world = await sixPacks();
  const refused = packsOf(world)[0]!;
  world.store.before = ({ name, key }) => {
    if (name === 'get' && key === refused) throw new Failure(madeUp('aws-access-denied', 'no'));
  };
  const found: string[][] = [];
  for (let run = 0; run < 12; run++)
    found.push(kinds(await look(world, 'sample', { sample: { percent: 1 } }, run * day)));
  expect(found.filter(one => one.length > 0)).toEqual([['unreadable'], ['unreadable']]);
  const { packs } = await look(world, 'chain', {}, 12 * day);
  expect(packs.bytes - packs.bytes_read_in_30_days).toBe(world.store.objects.get(refused)!.bytes.length);
});

test('a memory that is damaged says nothing and is replaced; one of the future counts as none', async () => {
  const world = await sixPacks();
  await look(world, 'full', {}, 900 * day);
  expect(
    (await look(world, 'sample', { sample: { percent: 1 } })).packs.bytes_read_in_30_days,
  ).toBeGreaterThan(0);
  alter(world, world.key('/checked'), flipInside);
  const report = await look(world, 'sample', { sample: { percent: 1 } });
  expect(report.problems.map(({ object }) => object)).toEqual([world.key('/checked')]);
  expect((await look(world, 'chain')).problems).toEqual([]);
});

function flipInside(bytes: Buffer): Buffer {
  bytes[50]! ^= 1;
  return bytes;
}

test('packs that nothing names are counted with their bytes, and are no error', async () => {
  const begun = async () => {
    const world = await sixPacks();
    world.disk.write(7 * block, world.random.bytes(block));
    return world;
  };
  const steps = await (await begun()).killedAt(Number.POSITIVE_INFINITY, 'error');
  const world = await begun();
  await world.killedAt(steps.indexOf('head'), 'gone');
  const { orphans, problems } = await look(world, 'presence');
  expect(problems).toEqual([]);
  // A pack, an object of the map, and one of the index.
  expect(orphans.objects).toBe(3);
  expect(orphans.bytes).toBeGreaterThan(block);
});
