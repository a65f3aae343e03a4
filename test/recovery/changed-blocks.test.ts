import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedBlocks } from '../../src/recovery/replica/changed-blocks.ts';
import type { DiskMap } from '../../src/replication/model/repository.ts';

const ID = 32;
/** Small pages, so that a few blocks make several; `ids`: a number stands for an id, 0 for a zero block. */
function mapOf(ids: number[], blockSize: number, pageBlocks: number): DiskMap {
  const pages = Math.ceil(ids.length / pageBlocks);
  const of = (page: number) => ids.slice(page * pageBlocks, (page + 1) * pageBlocks);
  return {
    blockSize,
    blocks: ids.length,
    pageBlocks,
    pages,
    pageName: page => of(page).join(),
    page: async page => Buffer.concat(of(page).map(id => Buffer.alloc(ID, id))),
  };
}

test('changed blocks are those in which any part differs; without a base those that hold anything', async () => {
  const ids = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(
      ids,
      fc.option(ids, { nil: undefined }),
      fc.constantFrom(1, 2, 8),
      async (now, before, parts) => {
        const blockSize = 524_288 / parts;
        const base = before && mapOf(before, blockSize, 16);
        const found: number[] = [];
        for await (const block of changedBlocks(mapOf(now, blockSize, 16), base)) found.push(block);
        const wanted = [];
        for (let block = 0; block * parts < now.length; block++) {
          const differs = now
            .slice(block * parts, (block + 1) * parts)
            .some((id, n) => id !== (before?.[block * parts + n] ?? 0));
          if (differs) wanted.push(block);
        }
        expect(found).toEqual(wanted);
      },
    ),
  );
});

test('pages that are the same by name are not loaded', async () => {
  const now = mapOf([...Array(16).fill(1), 2], 65_536, 16);
  const loaded: number[] = [];
  const counting = {
    ...now,
    page: (page: number) => {
      loaded.push(page);
      return now.page(page);
    },
  };
  const blocks = [];
  for await (const block of changedBlocks(counting, mapOf([...Array(16).fill(1), 1], 65_536, 16)))
    blocks.push(block);
  expect(blocks).toEqual([2]);
  expect(loaded).toEqual([1]);
});
