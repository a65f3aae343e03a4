import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../../src/io/node-files.ts';
import type { Key } from '../../../src/replication/format/keys.ts';
import { restore } from '../../../src/replication/restore/restore.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const K = 64 * 1024;

async function threePoints(store: MemoryStore, key: Key | undefined) {
  const vm = (await openTest(store, key)).vm(VM.uuid);
  const random = new SeededRandom('damage');
  const image = random.bytes(6 * K + 100);
  const images: Buffer[] = [];
  for (const block of [0, 2, 4]) {
    random.bytes(K).copy(image, block * K);
    images.push(Buffer.from(image));
    await commitImage(vm, image);
  }
  return { images, points: await vm.points() };
}

/** Restores; undefined when it was refused with a Failure. Wrong content never passes. */
async function tryRestore(store: MemoryStore, key: Key | undefined, id: string) {
  const directory = await mkdtemp(join(tmpdir(), 'converge-damage-'));
  try {
    const repository = await openTest(store, key, 'reader');
    const point = (await repository.vm(VM.uuid).points(() => {})).find(p => p.id === id);
    if (!point) return undefined;
    await restore(repository, point, {
      directory,
      files: nodeFiles,
      random: new SeededRandom('restore'),
      clock: new SteppedClock(),
    });
    return await readFile(join(directory, 'disk-0.raw'));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // No file of a disk that isn't whole has its name.
    expect((await readdir(directory)).filter(name => name.endsWith('.raw'))).toEqual([]);
    return undefined;
  } finally {
    await rm(directory, { recursive: true });
  }
}

const harms: [string, (bytes: Buffer, at: number) => Buffer | undefined][] = [
  ['a flipped bit', (bytes, at) => Buffer.from(bytes).fill(bytes[at]! ^ (1 << (at % 8)), at, at + 1)],
  ['a cut', (bytes, at) => bytes.subarray(0, at)],
  ['bytes added', bytes => Buffer.concat([bytes, Buffer.from([0])])],
  ['a deletion', () => undefined],
  ['all zero', bytes => Buffer.alloc(bytes.length)],
];

test.each([
  ['plain', undefined],
  ['encrypted', aKey()],
])(
  '%s: verify names every harm and exactly the points that no longer restore',
  async (_, key) => {
    const sound = memoryStore();
    const { images, points } = await threePoints(sound, key);
    const random = new SeededRandom('harm');
    for (const [key_, { bytes }] of sound.objects) {
      if (key_ === 'converge.json') continue;
      for (const [harm, doIt] of harms) {
        const store = memoryStore();
        for (const [k, v] of sound.objects) store.objects.set(k, v);
        const harmed = doIt(bytes, random.bytes(4).readUInt32BE() % bytes.length);
        if (harmed) store.objects.set(key_, { bytes: harmed, modified: 0 });
        else store.objects.delete(key_);
        const context = `${harm} of ${key_}`;

        const report = await verify(await openTest(store, key, 'verifier'));
        if (!harmed && key_.includes(`/points/000000000003-`)) {
          // The head holds this point; a commit that was killed right after its head leaves just that.
          expect(report.notes.join(), context).toContain('no object of its own yet');
          expect(report.points.every(p => p.whole)).toBe(true);
          continue;
        }
        expect(
          report.problems.map(p => p.object),
          context,
        ).toContain(key_);
        const kind = harmed ? 'damaged' : 'missing';
        expect(report.problems.find(p => p.object === key_)!.kind, context).toBe(kind);
        const whole = new Set(report.points.filter(p => p.whole).map(p => p.id));
        for (const [n, { id }] of points.entries()) {
          const restored = await tryRestore(store, key, id);
          if (restored) expect(restored.equals(images[n]!), context).toBe(true);
          // The newest point survives in the head, and older ones survive a lost head: both copies count.
          if (whole.has(id))
            expect(restored !== undefined, `${context}: point ${n} should restore`).toBe(true);
          else expect(restored, `${context}: point ${n} should not restore`).toBeUndefined();
        }
      }
    }
  },
  120_000,
);

test.each(['damaged', 'missing'])('a %s index object costs the blocks that only it leads to', async harm => {
  const store = memoryStore();
  const { images, points } = await threePoints(store, undefined);
  // Each commit stored one new block, and its index object says where it lies.
  const last = [...store.objects.keys()].findLast(k => k.includes('/index/'))!;
  const { bytes } = store.objects.get(last)!;
  if (harm === 'damaged') store.objects.set(last, { bytes: bytes.subarray(0, -20), modified: 0 });
  else store.objects.delete(last);

  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  for (const n of [0, 1]) expect((await readImage(vm, points[n]!)).equals(images[n]!)).toBe(true);
  await expect(readImage(vm, points[2]!)).rejects.toThrow(`the repository's object ${last} is ${harm}`);
  const report = await verify(await openTest(store, undefined, 'verifier'));
  expect(report.problems).toMatchObject([{ kind: harm, object: last, breaks: [points[2]!.id] }]);
  expect(report.points.map(p => p.whole)).toEqual([true, true, false]);
});

test('an index object that cannot be read is not merged, and keeps nobody from committing', async () => {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  const random = new SeededRandom('merge');
  const image = random.bytes(20 * K);
  for (let n = 0; n < 16; n++) {
    random.bytes(K).copy(image, n * K);
    await commitImage(vm, image, { blocks: n === 0 ? undefined! : [n] });
  }
  const harmed = [...store.objects.keys()].filter(k => k.includes('/index/'))[7]!;
  const { bytes } = store.objects.get(harmed)!;
  store.objects.set(harmed, { bytes: Buffer.from(bytes).fill(1, 40, 41), modified: 0 });
  const fresh = (await openTest(store, undefined, 'next')).vm(VM.uuid);
  random.bytes(K).copy(image, 7 * K);
  const done = await commitImage(fresh, image, { blocks: [7] });
  if (done === 'lost-race') throw new Error('lost');
  expect((await readImage(fresh, done.point)).equals(image)).toBe(true);
});

test('a damaged or newer configuration is one clear message', async () => {
  const store = memoryStore();
  await threePoints(store, undefined);
  const config = store.objects.get('converge.json')!.bytes.toString();
  const opened = (text: string) => {
    store.objects.set('converge.json', { bytes: Buffer.from(text), modified: 0 });
    return openTest(store);
  };
  await expect(opened(config.slice(0, 20))).rejects.toThrow(
    /converge.json in memory:\/\/test is damaged: it is not JSON/,
  );
  await expect(opened(config.replace(/"id": "./, '"id": "z'))).rejects.toThrow(/checksum/);
  await expect(opened(config.replace('"format": 2', '"format": 3'))).rejects.toThrow(
    /has format 3; this converge reads format 2/,
  );
  await expect(opened(config.replace('"format": 2', '"format": 1'))).rejects.toThrow(
    /has format 1, which no released converge wrote; this one reads format 2/,
  );
  await expect(opened('[]')).rejects.toThrow(/not a repository configuration/);
});
