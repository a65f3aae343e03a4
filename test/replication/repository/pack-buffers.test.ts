import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure, world } from '../../../src/diagnostics/diagnostic.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aDisk, aKey, noStep, openTest, pointContent, VM } from '../../support/repository.ts';
import { restored } from '../../support/restored.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 512 * 1024;
const turn = () => new Promise(setImmediate);

test('a pack stays what it is until its upload has settled, lost answers and tries included', async () => {
  const noise = new SeededRandom('noise').bytes(K);
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.integer({ min: 100, max: 130 }),
      fc.array(fc.tuple(fc.nat({ max: 30 }), fc.boolean()), { minLength: 1, maxLength: 8 }),
      async (encrypted, blocks, uploads) => {
        const store = memoryStore();
        const { put } = store;
        let n = 0;
        let open = 0;
        let most = 0;
        const buffers = new Set<ArrayBufferLike>();
        const lost = new Set<string>();
        store.put = async (key, bytes, options) => {
          if (!key.includes('/packs/')) return put(key, bytes, options);
          const [turns, isLost] = uploads[n++ % uploads.length]!;
          const before = Buffer.from(bytes);
          buffers.add(bytes.buffer);
          most = Math.max(most, ++open);
          for (let t = 0; t < turns; t++) await turn();
          open--;
          // Compared as the last byte goes out.
          expect(bytes.equals(before)).toBe(true);
          const done = await put(key, bytes, options);
          if (isLost && !lost.has(key)) {
            lost.add(key);
            throw new Failure(world('answer-lost', key));
          }
          return done;
        };
        const repository = await openTest(store, encrypted ? aKey() : undefined);
        const vm = repository.vm(VM.uuid);
        const writer = await vm.writer(undefined);
        const target = await writer.disk(aDisk(blocks * K, { blockSize: K }));
        const image = Buffer.alloc(blocks * K);
        const run = Buffer.alloc(2 * K);
        for (let first = 0; first < blocks; first += 2) {
          const some = run.subarray(0, Math.min(2, blocks - first) * K);
          for (let at = 0; at < some.length; at += K) {
            noise.copy(some, at);
            some.writeUInt32LE(first + at / K, at);
          }
          some.copy(image, first * K);
          await target.put(first, some);
          // It is the caller's again.
          run.fill(0xee);
        }
        const done = await writer.commit(pointContent(), noStep);
        if (done === 'lost-race') throw new Error('lost');
        expect((await restored(repository, done.point, 0)).equals(image)).toBe(true);
        expect(buffers.size).toBeLessThanOrEqual(4);
        expect(most).toBeLessThanOrEqual(3);
      },
    ),
    { numRuns: 3 },
  );
});

test('puts of two disks at once share the packs, and wait for room in turn', async () => {
  const store = memoryStore();
  const { put } = store;
  store.put = async (key, bytes, options) => {
    for (let t = 0; t < 5; t++) await turn();
    return put(key, bytes, options);
  };
  const repository = await openTest(store);
  const writer = await repository.vm(VM.uuid).writer(undefined);
  const random = new SeededRandom('two');
  const images = [random.bytes(100 * K), random.bytes(100 * K)];
  const disks = [0, 1].map(index => aDisk(100 * K, { index, identity: `disk-${index}`, blockSize: K }));
  const targets = [await writer.disk(disks[0]!), await writer.disk(disks[1]!)];
  await Promise.all(
    targets.map(async (target, n) => {
      for (let first = 0; first < 100; first += 4)
        await target.put(first, images[n]!.subarray(first * K, (first + 4) * K));
    }),
  );
  const done = await writer.commit(pointContent(), noStep);
  if (done === 'lost-race') throw new Error('lost');
  for (const n of [0, 1]) expect((await restored(repository, done.point, n)).equals(images[n]!)).toBe(true);
});
