import { expect, test } from 'vitest';
import type { ReadExtent } from '../../../src/replication/model/repository.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const K = 64 * 1024;
const MiB = 2 ** 20;

/** Several packs of noise, of what compresses, and of both in turns, with zeros in between. */
function aDiskOfAll(): Buffer {
  const image = Buffer.alloc(96 * MiB);
  const noise = new SeededRandom('noise').bytes(4 * MiB);
  for (let at = 0; at < 36 * MiB; at += noise.length) noise.copy(image, at);
  for (let at = 0; at < image.length; at += K) {
    if (at >= 40 * MiB && (at / K) % 3 > 0) image.fill(`what compresses ${at}\n`, at, at + K);
    if (at >= 40 * MiB && (at / K) % 3 === 2) noise.copy(image, at, at % MiB, (at % MiB) + K / 2);
    if (image[at] !== 0) image.writeUInt32LE(at, at + 8);
  }
  return image;
}

test.each([undefined, aKey()])('bytes stay while the next are made, of whatever kind: key %#', async key => {
  const store = memoryStore();
  const vm = (await openTest(store, key)).vm(VM.uuid);
  const image = aDiskOfAll();
  const committed = await commitImage(vm, image);
  if (committed === 'lost-race') throw new Error('nobody else is there');
  const { point } = committed;
  const reader = await vm.reader(point, point.disks[0]!);
  const isRight = ({ first, blocks }: ReadExtent) =>
    Buffer.concat(blocks).equals(image.subarray(first * K, (first + blocks.length) * K));
  // Whole packs by a request each, and one for each block.
  for (const apart of [1, 4]) {
    const wanted = Array.from({ length: reader.map.blocks / apart }, (_, n) => n * apart);
    const buffers = new Set<ArrayBufferLike>();
    let last: ReadExtent | undefined;
    let extents = 0;
    for await (const extent of reader.extents(wanted, { zerosToo: true })) {
      if (last) expect(isRight(last), `extent ${extents} at ${last.first}`).toBe(true);
      last = extent;
      extents++;
      for (const { buffer } of extent.blocks) buffers.add(buffer);
    }
    expect(isRight(last!)).toBe(true);
    expect(extents).toBeGreaterThan(10);
    // They are read into again: those under way, two that are looked at, and where blocks are unpacked.
    expect(buffers.size).toBeLessThan(12);
  }
});
