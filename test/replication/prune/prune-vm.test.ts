import { beforeEach, expect, test } from 'vitest';
import { GRACE } from '../../../src/replication/prune/work.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { contextOf, pruneOnce } from '../../support/prune.ts';
import { aLease, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BLOCK = 64 * 1024;
const START = Date.UTC(2026, 0, 1);
let now: number;
let store: MemoryStore;
let repository: OpenRepository;
const images = new Map<string, Buffer>();
const random = new SeededRandom('prune');

beforeEach(async () => {
  now = START;
  store = memoryStore('memory://prune', () => now);
  repository = await openTest(store);
  images.clear();
});

/** A point every six hours; each changes two of eight blocks. */
async function points(count: number, image = random.bytes(8 * BLOCK)): Promise<Buffer> {
  const vm = repository.vm(VM.uuid);
  for (let n = 0; n < count; n++) {
    const changed = [n % 8, (n * 5 + 3) % 8];
    for (const block of changed) random.bytes(BLOCK).copy(image, block * BLOCK);
    const made = await commitImage(vm, image, {
      ...(n > 0 && { blocks: new Set(changed) }),
      point: { time: now },
    });
    if (made === 'lost-race') throw new Error('lost race');
    images.set(made.point.id, Buffer.from(image));
    now += 6 * HOUR;
  }
  return image;
}

async function demandRestores(): Promise<string[]> {
  const vm = (await openTest(store)).vm(VM.uuid);
  const listed = await vm.points();
  for (const point of listed) expect((await readImage(vm, point)).equals(images.get(point.id)!)).toBe(true);
  return listed.map(({ id }) => id);
}

async function demandWhole(): Promise<string[]> {
  const listed = await demandRestores();
  const { problems } = await verify(await openTest(store), { vm: VM.uuid });
  expect(problems).toEqual([]);
  return listed;
}

const policy = { all: DAY, daily: 4 * DAY };
const folder = (name: string) => [...store.objects.keys()].filter(key => key.includes(`/${name}/`));

test('points go in two steps, then what they alone needed, and every point that is listed restores', async () => {
  await points(40);
  const all = await demandWhole();
  const first = await pruneOnce(repository, { policy });
  expect(first.removed).toEqual([]);
  const listed = await demandWhole();
  expect(listed).toHaveLength(all.length - first.marked.length);
  expect(listed.length).toBeLessThan(10);
  expect(listed).toContain(all.at(-1));
  const packs = folder('packs').length;
  now += GRACE - HOUR;
  expect((await pruneOnce(repository, { policy })).removed, 'a mark has to be as old as a grace').toEqual([]);
  expect([folder('points').length, folder('packs').length]).toEqual([all.length, packs]);

  now += 2 * HOUR;
  const second = await pruneOnce(repository, { policy });
  expect(second.removed).toEqual(first.marked);
  expect(folder('points')).toHaveLength(all.length - second.removed.length);
  expect(folder('packs').length).toBeLessThan(packs);
  expect(second.objects!.removed.objects).toBeGreaterThan(0);
  // Time went on meanwhile; what is left is what the same policy keeps of it.
  await demandWhole();

  now += GRACE + HOUR;
  await pruneOnce(repository, { policy });
  now += GRACE + HOUR;
  const last = await pruneOnce(repository, { policy });
  expect(last.objects?.waiting.objects ?? 0).toBe(0);
  // The three newest and what they need, and nothing of anything else.
  expect(await demandWhole()).toEqual(all.slice(-3));
  expect(folder('points')).toHaveLength(3);
  expect(folder('packs').length).toBeLessThan(12);
  expect(folder('removed').length).toBeLessThan(3);
});

test('a run that finds nothing to do reads no point again, and makes a few requests', async () => {
  await points(12);
  await pruneOnce(repository, { policy: { all: 900 * DAY } });
  store.calls.length = 0;
  now += HOUR;
  const run = await pruneOnce(repository, { policy: { all: 900 * DAY } });
  expect(run.decisions).toHaveLength(12);
  expect(store.calls.length).toBeLessThan(12);
  expect(store.calls.filter(({ name, key }) => name === 'get' && key.includes('/points/'))).toEqual([]);
});

test('killed before each durable step, the next runs end where one that was not killed ends', async () => {
  await points(9);
  const before = new Map(store.objects);
  const start = now;
  const history = async (dieAt: number): Promise<{ steps: number; keys: string[] }> => {
    store.objects.clear();
    for (const [key, object] of before) store.objects.set(key, object);
    now = start;
    let steps = 0;
    const step = async () => {
      if (steps++ === dieAt) throw new Error('killed');
    };
    for (let n = 0; n < 4; n++) {
      const killed = await pruneOnce(await openTest(store), { policy, step }).catch(error => error.message);
      if (killed === 'killed') await demandRestores();
      else expect(typeof killed).toBe('object');
      now += GRACE / 2 + HOUR;
    }
    for (let n = 0; n < 3; n++) {
      now += GRACE + HOUR;
      await pruneOnce(await openTest(store), { policy });
    }
    await demandRestores();
    return { steps, keys: [...store.objects.keys()].sort() };
  };
  const whole = await history(-1);
  expect(whole.steps).toBeGreaterThan(15);
  for (let dieAt = 0; dieAt < whole.steps; dieAt++) expect((await history(dieAt)).keys).toEqual(whole.keys);
});

test('a pin, a hold or a longer policy takes a mark back', async () => {
  await points(12);
  const { marked } = await pruneOnce(repository, { policy });
  const [one] = marked;
  now += GRACE + HOUR;
  const pins = async () => new Map([[one!.id, ['by hand']]]);
  const pinned = await pruneOnce(repository, { policy, pins });
  expect(pinned.unmarked).toEqual([one]);
  expect(pinned.removed).toEqual(marked.slice(1));
  expect(await demandWhole()).toContain(one!.id);
  const held = await pruneOnce(repository, { policy, held: async () => now + DAY });
  expect(held.decisions.every(({ keep }) => keep)).toBe(true);
  const later = await pruneOnce(repository, { policy, held: async () => now - DAY });
  expect(later.marked).toContainEqual(one);
});

test('what was applied last counts until something else is, and whoever does not know the policy leaves all marks', async () => {
  await points(12);
  const inForce = { all: 900 * DAY };
  expect((await pruneOnce(repository, { policy, inForce })).marked).toEqual([]);
  const { marked } = await pruneOnce(repository, { policy });
  expect(marked.length).toBeGreaterThan(4);
  // The manifests of another host, of this repository and other VMs.
  const others = await pruneOnce(repository, { policy: undefined, unruled: true });
  expect([others.marked, others.unmarked, others.removed]).toEqual([[], [], []]);
  expect(others.decisions).toHaveLength(12 - marked.length);
  now += GRACE + HOUR;
  await pruneOnce(repository, { policy: undefined, unruled: true });
  expect((await pruneOnce(repository, { policy })).removed).toEqual(marked);
});

test('pins are asked once more before points go', async () => {
  await points(12);
  const { marked } = await pruneOnce(repository, { policy });
  now += GRACE + HOUR;
  let asked = 0;
  const pins = async () => new Map(asked++ === 0 ? [] : [[marked[0]!.id, ['web/3']]]);
  const { removed } = await pruneOnce(repository, { policy, pins });
  expect(removed).toEqual(marked.slice(1));
});

test('a hold is asked for once more before points go, and before what they needed', async () => {
  await points(12);
  const { marked } = await pruneOnce(repository, { policy });
  now += GRACE + HOUR;
  const after = (calls: number) => {
    let asked = 0;
    return async () => (asked++ < calls ? undefined : now + DAY);
  };
  expect((await pruneOnce(repository, { policy, held: after(1) })).removed).toEqual([]);
  // Not even what no point needs any more: whoever looks at the VM may need that.
  const held = await pruneOnce(repository, { policy, held: after(2) });
  expect([held.removed, held.objects!.removed.objects]).toEqual([marked, 0]);
  expect(held.objects!.waiting.objects).toBeGreaterThan(0);
  const packs = folder('packs').length;
  now += GRACE + HOUR;
  await pruneOnce(repository, { policy });
  expect(folder('packs').length).toBeLessThan(packs);
});

test('a mark that no pruner made dates nothing and hides nothing', async () => {
  await points(12);
  const vm = repository.vm(VM.uuid);
  const [oldest] = await vm.points();
  const { names } = contextOf(repository);
  const { generation, id } = oldest!;
  store.objects.set(names.removal(generation, id), {
    bytes: Buffer.from('forged'),
    modified: now - 2 * GRACE,
  });
  expect((await vm.points()).map(point => point.id)).toContain(id);
  const run = await pruneOnce(repository, { policy });
  expect(run.removed).toEqual([]);
  expect(run.marked.map(one => one.id)).toContain(id);
  expect(store.objects.get(names.removal(generation, id))!.modified).toBe(now);
});

test('a dead cycle: its packs go, those that the next one claims do not, and a mark is seen by a claimer', async () => {
  await points(6);
  const vm = repository.vm(VM.uuid);
  const image = random.bytes(8 * BLOCK);
  // Half an hour after the head: clocks of a store's servers differ by more.
  now -= 5.5 * HOUR;
  await expect(
    commitImage(vm, image, {
      step: async name => {
        if (name === 'index') throw new Error('killed');
      },
    }),
  ).rejects.toThrow('killed');
  const [orphan] = await vm.orphanedPacks();
  // It can commit as long as nobody moved the head, however long ago it wrote them.
  now += 5.5 * HOUR;
  const early = await pruneOnce(repository, { policy });
  expect(early.objects!.waiting.bytes).toBe(0);
  now += 6 * HOUR;
  await points(1, image);
  now += 7 * DAY;
  const late = await pruneOnce(repository, { policy });
  expect(late.objects!.waiting.bytes).toBeGreaterThan(0);
  expect(await vm.unmarked([orphan!])).toEqual([]);
  now += GRACE - HOUR;
  await pruneOnce(repository, { policy });
  expect(folder('packs').some(key => key.endsWith(orphan!.id))).toBe(true);
  now += 2 * HOUR;
  await vm.lease.write({ ...aLease(2), claims: [orphan!.id] }, undefined);
  await pruneOnce(repository, { policy });
  expect(folder('packs').some(key => key.endsWith(orphan!.id))).toBe(true);
  await vm.lease.write(aLease(3), (await vm.lease.stat())!.etag);
  now += HOUR;
  await pruneOnce(repository, { policy });
  expect(folder('packs').some(key => key.endsWith(orphan!.id))).toBe(false);
  await demandWhole();
});

test('what cannot be told is removed by nobody: a point, a map or an index that cannot be read', async () => {
  await points(12);
  await pruneOnce(repository, { policy });
  now += GRACE + HOUR;
  const before = new Map(store.objects);
  const { names } = contextOf(repository);
  for (const [kind, isKnown] of [
    ['index', true],
    ['pages', true],
    ['points', true],
    ['points', false],
  ] as const) {
    store.objects.clear();
    for (const [key, object] of before) store.objects.set(key, object);
    // As for a pruner that has read none of the points before.
    if (!isKnown) store.objects.delete(names.pruning);
    const listed = new Set((await repository.vm(VM.uuid).points()).map(({ id }) => id));
    // Those of points that are going may be damaged: nobody needs them.
    for (const key of folder(kind))
      if (kind !== 'points' || listed.has(key.slice(-32))) {
        const { bytes, modified } = store.objects.get(key)!;
        const other = Buffer.from(bytes);
        other[60]! ^= 1;
        store.objects.set(key, { bytes: kind === 'index' ? bytes.subarray(0, -1) : other, modified });
      }
    const packs = folder('packs');
    const run = await pruneOnce(await openTest(store), { policy }).catch(error => ({
      doubt: error,
      objects: undefined,
    }));
    expect(`${kind}: ${run.doubt?.message}`).toContain('no objects of this VM are removed');
    expect(folder('packs')).toEqual(packs);
  }
});

test('a VM whose points are all gone is left alone, and so is one whose head was put back', async () => {
  await points(6);
  const vm = repository.vm(VM.uuid);
  await vm.lease.write({ ...aLease(2), generation: 6 }, undefined);
  const { names } = contextOf(repository);
  const all = new Map(store.objects);
  for (const key of folder('points')) if (key > names.point(5, '')) store.objects.delete(key);
  store.objects.delete(names.head);
  await expect(pruneOnce(repository, { policy })).rejects.toThrow('its lease tells of generation 6');
  store.objects.clear();
  for (const [key, object] of all) store.objects.set(key, object);
  for (const key of folder('points')) store.objects.delete(key);
  store.objects.delete(names.head);
  store.objects.delete(names.lease);
  now += 5 * GRACE;
  expect((await pruneOnce(repository, { policy })).doubt?.message).toContain('may have had some');
});
