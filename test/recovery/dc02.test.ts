import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { verifySnapshot } from '../../src/recovery/replica/verify.ts';
import { commitImage } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { cloud, contentOf, replicated } from './fixture.ts';

const data = join(import.meta.dirname, '../../../shared/data/disks/dc02');
const present = existsSync(join(data, 'SHA256SUMS'));
if (!present)
  console.warn(
    'SKIPPED: the real NTFS disk (../shared/data/disks/dc02) is not here; no replica of it was made',
  );

const K64 = 64 * 1024;

/**
 * Writes the extents of a state over the image; answers with the blocks of the repository that they touch.
 */
async function toState(image: Buffer, state: number): Promise<number[]> {
  const file = await open(join(data, `c${state}.blocks.zst`));
  const blocks = zstdDecompressSync(await file.readFile());
  await file.close();
  const touched = new Set<number>();
  let at = 0;
  for (const line of (await readFile(join(data, `c${state}.extents.txt`), 'utf8')).trim().split('\n')) {
    const [offset, length] = line.trim().split(/\s+/).map(Number) as [number, number];
    blocks.copy(image, offset, at, at + length);
    at += length;
    for (let n = Math.floor(offset / K64); n * K64 < offset + length; n++) touched.add(n);
  }
  return [...touched].sort((a, b) => a - b);
}

test.runIf(present)(
  'a real NTFS disk in three states: each replica is that state, then zeros',
  { timeout: 240_000 },
  async () => {
    const sums = (await readFile(join(data, 'SHA256SUMS'), 'utf8')).trim().split('\n');
    const aws = await cloud();
    const { vm, build } = await replicated(aws);
    const image = Buffer.alloc(Number(sums[0]!.trim().split(/\s+/)[2]));
    for (let state = 0; state < 3; state++) {
      const blocks = await toState(image, state);
      await commitImage(vm, image, { blocks });
      const { disks, point } = await build();
      const [disk] = disks;
      const ebsBlocks = new Set(blocks.map(n => Math.floor(n / 8))).size;
      expect(disk!.built).toBe(state === 0 ? 'full' : 'incremental');
      expect(disk!.blocks).toBeGreaterThan(0);
      expect(disk!.blocks).toBeLessThanOrEqual(ebsBlocks);
      expect(await contentOf(aws.store, disk!.snapshot, image.length)).toEqual({
        sha256: sums[state]!.trim().split(/\s+/)[0],
        zerosFollow: true,
      });
      const reader = await vm.reader(point, point.disks[0]!);
      const options = { store: aws.store, random: new SeededRandom('dc02'), sample: 10 };
      expect((await verifySnapshot(reader, disk!.snapshot, options)).problems).toEqual([]);
    }
  },
);
