import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { parseChangeId } from '../../../src/lab/disks/change-id.ts';
import { createDisk, type Disk, openDisk } from '../../../src/lab/disks/disk.ts';
import { GRANULE } from '../../../src/lab/disks/granule.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { inFolder } from './folder.ts';
import { closeLeftOpen, inALifeOf } from './mortal-files.ts';

vi.mock('node:fs/promises', async original => (await import('./mortal-files.ts')).mortal(await original()));

afterEach(closeLeftOpen);

const CAPACITY = 4 * GRANULE + 512;
const LIMITS = { areas: 100, span: Number.POSITIVE_INFINITY };
const random = new SeededRandom();

/** A disk with three snapshots, each with other content. */
async function withHistory(dir: string): Promise<{ disk: Disk; contents: Map<string, Buffer> }> {
  const disk = await createDisk(dir, CAPACITY);
  await disk.startTracking(random);
  const contents = new Map<string, Buffer>();
  for (const [number, id] of ['a', 'b', 'c'].entries()) {
    await disk.write(number * GRANULE + 100, Buffer.alloc(GRANULE, number + 1));
    await disk.snapshot(id);
    contents.set(id, await disk.readSnapshot(id, 0, CAPACITY));
  }
  return { disk, contents };
}

/** Runs `work` again and again, killed one step later each time, until it gets through. */
async function killedAtEachStep(
  work: (disk: Disk) => Promise<void>,
  survives: (disk: Disk, contents: Map<string, Buffer>, before: Buffer) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps++) {
    const through = await inFolder(async folder => {
      const dir = join(folder, 'disk');
      const { disk, contents } = await withHistory(dir);
      const before = await disk.read(0, CAPACITY);
      const done = await inALifeOf(steps, () => work(disk));
      const again = await openDisk(dir);
      try {
        await survives(again, contents, before);
      } finally {
        await Promise.all([disk.close(), again.close()]);
      }
      return done;
    });
    if (through) return steps;
  }
}

const same = async (disk: Disk, contents: Map<string, Buffer>, ids: string[]) => {
  for (const id of ids) {
    expect((await disk.readSnapshot(id, 0, CAPACITY)).equals(contents.get(id)!)).toBe(true);
  }
};

test.each(['a', 'b', 'c'])('a kill while snapshot %s is removed costs no content', async gone => {
  const steps = await killedAtEachStep(
    disk => disk.removeSnapshot(gone),
    async (disk, contents, before) => {
      await same(disk, contents, disk.snapshots());
      expect((await disk.read(0, CAPACITY)).equals(before)).toBe(true);
      await disk.consolidate();
      expect(disk.layers()).toHaveLength(disk.snapshots().length + 1);
      await same(disk, contents, disk.snapshots());
      expect((await disk.read(0, CAPACITY)).equals(before)).toBe(true);
    },
  );
  expect(steps).toBeGreaterThan(5);
});

test('a kill while a snapshot is made leaves it whole or not there', async () => {
  const steps = await killedAtEachStep(
    disk => disk.snapshot('d'),
    async (disk, contents, before) => {
      await same(disk, contents, ['a', 'b', 'c']);
      expect((await disk.read(0, CAPACITY)).equals(before)).toBe(true);
      if (!disk.snapshots().includes('d')) await disk.snapshot('d');
      expect((await disk.readSnapshot('d', 0, CAPACITY)).equals(before)).toBe(true);
    },
  );
  expect(steps).toBeGreaterThan(3);
});

test('a kill while the guest writes reports every granule that changed, and harms nothing beside', async () => {
  const bytes = Buffer.alloc(2 * GRANULE, 9);
  await killedAtEachStep(
    disk => disk.write(GRANULE - 7, bytes),
    async (disk, contents, before) => {
      await same(disk, contents, ['a', 'b', 'c']);
      const since = parseChangeId(disk.frozen('c').changeId!)!;
      await disk.snapshot('d');
      const { areas } = await disk.changedAreas('d', since, 0, LIMITS);
      const now = await disk.read(0, CAPACITY);
      const [start, end] = [GRANULE - 7, GRANULE - 7 + bytes.length];
      expect(now.subarray(0, start).equals(before.subarray(0, start))).toBe(true);
      expect(now.subarray(end).equals(before.subarray(end))).toBe(true);
      for (let at = 0; at < CAPACITY; at += GRANULE) {
        const differs = !now.subarray(at, at + GRANULE).equals(before.subarray(at, at + GRANULE));
        const told = areas.some(area => area.start <= at && at < area.start + area.length);
        expect(told || !differs).toBe(true);
      }
    },
  );
});

test('a kill while a new epoch begins leaves the old one whole or the new one empty', async () => {
  await killedAtEachStep(
    disk => disk.startTracking(random),
    async disk => {
      const old = parseChangeId(disk.frozen('a').changeId!)!;
      const live = parseChangeId(disk.changeId()!)!;
      await disk.snapshot('d');
      const { areas } = await disk.changedAreas(
        'd',
        { epoch: live.epoch, period: live.epoch === old.epoch ? 1 : 0 },
        0,
        LIMITS,
      );
      if (live.epoch === old.epoch) expect(areas).toEqual([{ start: GRANULE, length: 3 * GRANULE }]);
      else expect(areas).toEqual([]);
    },
  );
});
