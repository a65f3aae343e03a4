import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../../src/recovery/model/snapshots.ts';
import { writeBlocks } from '../../src/recovery/replica/write-blocks.ts';
import type { DiskReader, ReadBlock } from '../../src/replication/model/repository.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const turn = () => new Promise(setImmediate);

/** A disk of so many bytes, each block of which is full of its number. */
function disk(bytes: number, blockSize: number, known?: (block: number) => Buffer): DiskReader {
  const blocks = Math.ceil(bytes / blockSize);
  return {
    map: {
      blockSize,
      blocks,
      pageBlocks: 4096,
      pages: 1,
      pageName: String,
      page: async () => Buffer.alloc(0),
    },
    block: () => Promise.reject(new Error('not one by one')),
    packs: async () => new Set(),
    extents: () => {
      throw new Error('not by extents');
    },
    async *blocks(wanted): AsyncGenerator<ReadBlock> {
      for (const index of [...wanted].reverse()) {
        const plain = Buffer.alloc(Math.min(blockSize, bytes - index * blockSize), 1 + (index % 251));
        yield { index, bytes: plain, ...(known && { sha256: known(index) }) };
        plain.fill(0xee);
      }
    },
  };
}

/** Keeps what is put, as it is when the put is over; each takes as many turns as it is told. */
function store(turns: (index: number) => number) {
  const put = new Map<number, { bytes: string; digest: Buffer }>();
  const buffers = new Set<ArrayBufferLike>();
  return {
    put,
    buffers,
    store: {
      async put(_id: string, index: number, bytes: Buffer, digest: Buffer) {
        buffers.add(bytes.buffer);
        for (let n = turns(index); n > 0; n--) await turn();
        put.set(index, { bytes: sha256(bytes).toString('hex'), digest });
      },
    } as SnapshotStore,
  };
}

async function* each(numbers: number[]) {
  yield* numbers;
}

test('each block is put with the bytes of the disk, zeros after its end, in buffers that are used again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(65_536, 262_144, 524_288),
      fc.uniqueArray(fc.nat({ max: 399 }), { minLength: 1, maxLength: 250, size: 'max' }),
      fc.integer({ min: 1, max: SNAPSHOT_BLOCK }),
      fc.nat({ max: 5 }),
      async (blockSize, chosen, lastBytes, slow) => {
        const numbers = chosen.sort((a, b) => a - b);
        const bytes = numbers.at(-1)! * SNAPSHOT_BLOCK + lastBytes;
        const reader = disk(bytes, blockSize);
        const into = store(index => (index * slow) % 7);
        const written = await writeBlocks(reader, each(numbers), { store: into.store, id: 'snap' });
        const wanted = numbers.map(number => {
          const whole = Buffer.alloc(SNAPSHOT_BLOCK);
          const from = number * SNAPSHOT_BLOCK;
          for (let at = from; at < Math.min(from + SNAPSHOT_BLOCK, bytes); at += blockSize)
            whole.fill(1 + ((at / blockSize) % 251), at - from, Math.min(at + blockSize, bytes) - from);
          return sha256(whole);
        });
        expect([...into.put.keys()].sort((a, b) => a - b)).toEqual(numbers);
        for (const [n, number] of numbers.entries())
          expect(into.put.get(number)).toEqual({ bytes: wanted[n]!.toString('hex'), digest: wanted[n] });
        expect(written).toEqual({
          count: numbers.length,
          checksum: sha256(Buffer.concat(wanted)).toString('base64'),
        });
        // Three windows that are read and eight that are put, 4 MiB each: 48 MiB with the one between.
        expect(into.buffers.size).toBeLessThanOrEqual(12);
        for (const buffer of into.buffers) expect(buffer.byteLength).toBe(8 * SNAPSHOT_BLOCK);
      },
    ),
    // So many that the last one comes into a buffer that is full of another.
    { numRuns: 6, examples: [[65_536, Array.from({ length: 200 }, (_, n) => n), 1000, 1]] },
  );
});

test('a digest that the repository knows is not made again; that of a shorter block is not one of the snapshot', async () => {
  const known = (index: number) => Buffer.alloc(32, index + 1);
  const whole = store(() => 0);
  const bytes = 2 * SNAPSHOT_BLOCK + 1000;
  await writeBlocks(disk(bytes, SNAPSHOT_BLOCK, known), each([0, 1, 2]), { store: whole.store, id: 'snap' });
  expect([0, 1].map(n => whole.put.get(n)!.digest)).toEqual([known(0), known(1)]);
  expect(whole.put.get(2)!.digest.toString('hex')).toBe(whole.put.get(2)!.bytes);
  const parts = store(() => 0);
  await writeBlocks(disk(bytes, 65_536, known), each([0, 1]), { store: parts.store, id: 'snap' });
  for (const { bytes: of, digest } of parts.put.values()) expect(digest.toString('hex')).toBe(of);
});

test('a put that fails stops the others', async () => {
  const signals = new Set<AbortSignal>();
  const failing = {
    async put(...[, index, , , signal]: Parameters<SnapshotStore['put']>) {
      if (index === 5) throw new Error('refused');
      signals.add(signal!);
      while (!signal!.aborted) await turn();
      throw signal!.reason;
    },
  } as Partial<SnapshotStore> as SnapshotStore;
  const numbers = Array.from({ length: 64 }, (_, n) => n);
  const reader = disk(64 * SNAPSHOT_BLOCK, SNAPSHOT_BLOCK);
  await expect(writeBlocks(reader, each(numbers), { store: failing, id: 'snap' })).rejects.toThrow('refused');
  expect([...signals].map(({ reason }) => (reason as Error).message)).toEqual(['refused']);
});
