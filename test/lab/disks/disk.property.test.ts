import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChangeId } from '../../../src/lab/disks/change-id.ts';
import type { PageLimits } from '../../../src/lab/disks/changed-areas.ts';
import { createDisk, type Disk, openDisk } from '../../../src/lab/disks/disk.ts';
import { GRANULE, granulesOf, pieces, type Range } from '../../../src/lab/disks/granule.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { inFolder } from './folder.ts';

let snapshots = 0;

/** The disk as it should be: whole buffers and sets, nothing clever. */
interface Model {
  content: Buffer;
  used: Set<number>;
  /** Granules written since each change id that was given out in the present epoch. */
  since: Map<string, Set<number>>;
  snapshots: { id: string; content: Buffer; used: Set<number>; since: Map<string, Set<number>> }[];
}

const START = 5 * GRANULE + 3 * 512;
const fraction = fc.integer({ min: 0, max: 9999 }).map(part => part / 10_000);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      at: fraction,
      length: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 2 * GRANULE })),
      fill: fc.integer({ min: 0, max: 255 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fraction }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), which: fraction }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('consolidate' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('image' as const),
      at: fraction,
      fill: fc.integer({ min: 0, max: 255 }),
      grow: fc.integer({ min: 0, max: 200 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('grow' as const), sectors: fc.integer({ min: 0, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('epoch' as const) }) },
);
const limits = fc.record({
  areas: fc.integer({ min: 1, max: 3 }),
  span: fc.constantFrom(2 * GRANULE + 512, Number.POSITIVE_INFINITY),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const copyOf = (since: Map<string, Set<number>>) =>
  new Map([...since].map(([id, set]) => [id, new Set(set)]));
const marked = (model: Model, granules: number[]) => {
  for (const set of [model.used, ...model.since.values()]) for (const one of granules) set.add(one);
};
const grown = (content: Buffer, bytes: number) =>
  Buffer.concat([content, Buffer.alloc(bytes - content.length)]);

async function take(disk: Disk, dir: string, model: Model, one: Step): Promise<Disk> {
  switch (one.do) {
    case 'write': {
      const offset = Math.floor(one.at * (model.content.length - 1));
      const bytes = Buffer.alloc(Math.min(one.length, model.content.length - offset), one.fill);
      await disk.write(offset, bytes);
      bytes.copy(model.content, offset);
      marked(
        model,
        [...pieces(offset, bytes.length)].map(piece => piece.granule),
      );
      break;
    }
    case 'snapshot': {
      const id = `snapshot-${++snapshots}`;
      await disk.snapshot(id);
      model.snapshots.push({
        id,
        content: Buffer.from(model.content),
        used: new Set(model.used),
        since: copyOf(model.since),
      });
      model.since.set(disk.frozen(id).changeId!, new Set());
      break;
    }
    case 'remove':
    case 'forget': {
      const [gone] = model.snapshots.splice(Math.floor(one.which * model.snapshots.length * 0.999), 1);
      if (gone) await (one.do === 'remove' ? disk.removeSnapshot(gone.id) : disk.forgetSnapshot(gone.id));
      break;
    }
    case 'consolidate':
      await disk.consolidate();
      expect(disk.needsConsolidation()).toBe(false);
      expect(disk.layers().length).toBe(model.snapshots.length + 1);
      break;
    case 'image': {
      const image = grown(model.content, model.content.length + one.grow * 512);
      const offset = Math.floor(one.at * (image.length - 1));
      image.fill(one.fill, offset, Math.min(image.length, offset + GRANULE + 700));
      await writeFile(join(dir, '..', 'image.raw'), image);
      const before = grown(model.content, image.length);
      const differ = [...Array(granulesOf(image.length)).keys()].filter(
        granule => !granuleOf(before, granule).equals(granuleOf(image, granule)),
      );
      const { changedBytes } = await disk.setImage(join(dir, '..', 'image.raw'));
      expect(changedBytes).toBe(differ.reduce((sum, granule) => sum + granuleOf(image, granule).length, 0));
      model.content = image;
      marked(model, differ);
      break;
    }
    case 'grow':
      model.content = grown(model.content, model.content.length + one.sectors * 512);
      await disk.grow(model.content.length);
      break;
    case 'reopen':
      await disk.close();
      return openDisk(dir);
    case 'epoch':
      await disk.startTracking(random);
      model.since = new Map();
      break;
  }
  return disk;
}

const granuleOf = (bytes: Buffer, granule: number) =>
  bytes.subarray(granule * GRANULE, (granule + 1) * GRANULE);

/** All pages of an answer, put together; checks on the way that they follow one another. */
async function allPages(disk: Disk, id: string, since: string, limits: PageLimits): Promise<Range[]> {
  const { capacity } = disk.frozen(id);
  const found: Range[] = [];
  for (let at = 0; at < capacity; ) {
    const page = await disk.changedAreas(id, since === '*' ? '*' : parseChangeId(since)!, at, limits);
    expect(page.startOffset).toBe(at);
    expect(page.length).toBeGreaterThan(0);
    expect(page.areas.length).toBeLessThanOrEqual(limits.areas);
    found.push(...page.areas);
    at += page.length;
  }
  return found;
}

const granulesIn = (ranges: Range[]) =>
  new Set(ranges.flatMap(range => [...pieces(range.start, range.length)].map(piece => piece.granule)));

async function check(disk: Disk, model: Model, pages: PageLimits): Promise<void> {
  expect(disk.capacity()).toBe(model.content.length);
  expect((await disk.read(0, disk.capacity())).equals(model.content)).toBe(true);
  for (const { id, content, used, since } of model.snapshots) {
    const { capacity } = disk.frozen(id);
    expect(capacity).toBe(content.length);
    expect((await disk.readSnapshot(id, 0, capacity)).equals(content)).toBe(true);
    const inUse = await allPages(disk, id, '*', pages);
    expect(granulesIn(inUse)).toEqual(used);
    for (const [changeId, changed] of since) {
      const ranges = await allPages(disk, id, changeId, pages);
      expect(granulesIn(ranges)).toEqual(changed);
      const total = ranges.reduce((sum, range) => sum + range.length, 0);
      const exact = [...changed].reduce((sum, granule) => sum + granuleOf(content, granule).length, 0);
      expect(total).toBe(exact);
    }
  }
}

const random = new SeededRandom();

test('any history: every snapshot reads as it was, and changed areas are exactly the granules written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), limits, (steps, pages) =>
      inFolder(async folder => {
        const dir = join(folder, 'disk');
        let disk = await createDisk(dir, START);
        await disk.startTracking(random);
        const model: Model = {
          content: Buffer.alloc(START),
          used: new Set(),
          since: new Map(),
          snapshots: [],
        };
        try {
          for (const one of steps) disk = await take(disk, dir, model, one);
          await check(disk, model, pages);
        } finally {
          await disk.close();
        }
      }),
    ),
    { numRuns: 60 },
  );
}, 120_000);
