import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { allBlocks, blockSet, rangeBytes } from '../../../src/replication/extents/blocks.ts';
import { parseChangeId } from '../../../src/replication/extents/change-id.ts';
import { normaliseExtents } from '../../../src/replication/extents/normalise.ts';
import type { Extent } from '../../../src/replication/model/source.ts';

const capacity = fc.integer({ min: 0, max: 20_000 });
const extents = fc.array(
  fc.record({ start: fc.integer({ min: 0, max: 24_000 }), length: fc.integer({ min: 0, max: 6_000 }) }),
);

/** One flag per sector of the disk: touched by an area or not. The model that all is held against. */
function bitmap(areas: readonly Extent[], size: number): boolean[] {
  const bits = new Array<boolean>(Math.ceil(size / 512)).fill(false);
  for (const { start, length } of areas)
    for (let byte = start; byte < start + length; byte++) {
      const sector = Math.floor(byte / 512);
      if (sector < bits.length) bits[sector] = true;
    }
  return bits;
}

describe('normaliseExtents', () => {
  test('covers exactly the sectors that the input touches, in ascending separate areas', () => {
    fc.assert(
      fc.property(extents, capacity, (areas, size) => {
        const normal = normaliseExtents(areas, size);
        expect(bitmap(normal, size)).toEqual(bitmap(areas, size));
        for (const [i, { start, length }] of normal.entries()) {
          expect(length).toBeGreaterThan(0);
          expect(start % 512).toBe(0);
          expect(start + length).toBeLessThanOrEqual(size);
          if (i > 0) expect(start).toBeGreaterThan(normal[i - 1]!.start + normal[i - 1]!.length);
        }
        expect(normaliseExtents(normal, size)).toEqual(normal);
      }),
    );
  });

  test('works beyond 32 bits', () => {
    const start = 40 * 2 ** 40;
    expect(normaliseExtents([{ start: start + 1, length: 1 }], 62 * 2 ** 40)).toEqual([
      { start, length: 512 },
    ]);
  });

  test.each([
    { start: -512, length: 512 },
    { start: 0, length: -1 },
    { start: Number.NaN, length: 512 },
    { start: 0.5, length: 512 },
    { start: 0, length: Number.POSITIVE_INFINITY },
    { start: Number.MAX_SAFE_INTEGER, length: 512 },
  ])('refuses %o', area => {
    expect(() => normaliseExtents([area], 1 << 20)).toThrow(Failure);
  });

  test("leaves the caller's extents alone", () => {
    const areas = [
      { start: 0, length: 512 },
      { start: 512, length: 512 },
    ];
    normaliseExtents(areas, 4096);
    expect(areas).toEqual([
      { start: 0, length: 512 },
      { start: 512, length: 512 },
    ]);
  });
});

const toBlocks = (areas: Extent[], blockSize: number, size: number) => {
  const set = blockSet(blockSize, size);
  for (const area of areas) set.add([area]);
  return [...set.ranges()];
};

describe('a set of blocks', () => {
  test('gives every touched block once, ascending', () => {
    fc.assert(
      fc.property(extents, capacity, fc.constantFrom(512, 1024, 4096, 8192), (areas, size, blockSize) => {
        const blocks = toBlocks(normaliseExtents(areas, size).reverse(), blockSize, size).flatMap(
          ({ first, count }) => Array.from({ length: count }, (_, i) => first + i),
        );
        const touched = bitmap(areas, size).flatMap((bit, i) =>
          bit ? [Math.floor((i * 512) / blockSize)] : [],
        );
        expect(blocks).toEqual([...new Set(touched)]);
      }),
    );
  });

  test('of a fragmented disk of 2 TiB takes half a megabyte, not one object per area', () => {
    const [blockSize, size] = [512 * 1024, 2 ** 41];
    const set = blockSet(blockSize, size);
    const before = process.memoryUsage();
    for (let start = 0; start < size; start += 2 * blockSize) set.add([{ start, length: 512 }]);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
    let count = 0;
    for (const range of set.ranges()) count += range.count;
    expect(count).toBe(size / blockSize / 2);
  });

  test('a last, shorter block counts', () => {
    expect(toBlocks([{ start: 4096, length: 512 }], 4096, 4608)).toEqual([{ first: 1, count: 1 }]);
    expect([...allBlocks(4096, 4608).ranges()]).toEqual([{ first: 0, count: 2 }]);
    expect(rangeBytes({ first: 0, count: 2 }, 4096, 4608)).toBe(4608);
    expect([...allBlocks(4096, 0).ranges()]).toEqual([]);
  });
});

describe('parseChangeId', () => {
  test('reads epoch and sequence', () => {
    expect(parseChangeId('52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81')).toEqual({
      epoch: '52dec0d9b9439d1061d54c1be97b6563',
      sequence: 81n,
    });
  });

  test('compares ids in other spelling as equal', () => {
    expect(parseChangeId('52DEC0D9-B9439D10-61D54C1B-E97B6563/18446744073709551615')).toEqual({
      epoch: '52dec0d9b9439d1061d54c1be97b6563',
      sequence: 18446744073709551615n,
    });
  });

  test.each([
    '',
    '*',
    '81',
    '52 de/81',
    '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63',
    '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/x',
  ])('knows nothing of %o', text => expect(parseChangeId(text)).toBeUndefined());
});
