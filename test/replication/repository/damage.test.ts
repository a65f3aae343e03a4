import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../../src/io/node-files.ts';
import type { Key } from '../../../src/replication/keys.ts';
import { restore } from '../../../src/replication/restore.ts';
import { verify } from '../../../src/replication/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

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
    await restore(repository, point, { directory, files: nodeFiles });
    return await readFile(join(directory, 'disk-0.raw'));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(await readdir(directory)).toEqual([]);
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

test('a damaged or newer configuration is one clear message', async () => {
  const store = memoryStore();
  await threePoints(store, undefined);
  const config = store.objects.get('converge.json')!.bytes.toString();
  const opened = (text: string) => {
    store.objects.set('converge.json', { bytes: Buffer.from(text), modified: 0 });
    return openTest(store);
  };
  await expect(opened(config.slice(0, 20))).rejects.toThrow(
    /converge.json in memory:\/\/test is damaged: it is no JSON/,
  );
  await expect(opened(config.replace(/"id": "./, '"id": "z'))).rejects.toThrow(/checksum/);
  await expect(opened(config.replace('"format": 1', '"format": 2'))).rejects.toThrow(
    /has format 2; this converge reads format 1/,
  );
  await expect(opened('[]')).rejects.toThrow(/no repository configuration/);
});
