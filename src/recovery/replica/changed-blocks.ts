import type { DiskMap } from '../../replication/model/repository.ts';
import { SNAPSHOT_BLOCK } from '../model/snapshots.ts';

/** Bytes of a block id. */
const ID = 32;
const ZERO = Buffer.alloc(ID);

/**
 * Numbers of the snapshot's blocks, ascending, that have to be written: with a base those in which any block
 * of the repository has another id, one that became zero among them (else the parent's bytes would show
 * through); without a base those that aren't zero. Pages that are the same by name aren't loaded, and no two
 * pages are in memory.
 *
 * @param base the disk as the parent has it, with the same block size
 */
export async function* changedBlocks(
  map: DiskMap,
  base: DiskMap | undefined,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  const perBlock = SNAPSHOT_BLOCK / map.blockSize;
  for (let page = 0; page < map.pages; page++) {
    const hasBase = base !== undefined && page < base.pages;
    if (hasBase && base.pageName(page) === map.pageName(page)) continue;
    const [ids, before] = await Promise.all([
      map.page(page, signal),
      hasBase ? base.page(page, signal) : Buffer.alloc(0),
    ]);
    const first = (page * map.pageBlocks) / perBlock;
    const span = perBlock * ID;
    for (let at = 0; at < ids.length; at += span)
      if (differs(ids, before, at, Math.min(at + span, ids.length))) yield first + at / span;
  }
}

/** Whether any id in `ids[from, to)` isn't the one at the same place of `before`, whose end zeros follow. */
function differs(ids: Buffer, before: Buffer, from: number, to: number): boolean {
  if (to <= before.length) return ids.compare(before, from, to, from, to) !== 0;
  for (let at = from; at < to; at += ID) {
    const [old, offset] = at < before.length ? [before, at] : [ZERO, 0];
    if (ids.compare(old, offset, offset + ID, at, at + ID) !== 0) return true;
  }
  return false;
}

/** Blocks of the repository that make up these of the snapshot, ascending. */
export function* repositoryBlocks(map: DiskMap, blocks: readonly number[]): Generator<number> {
  const perBlock = SNAPSHOT_BLOCK / map.blockSize;
  for (const block of blocks)
    for (let n = block * perBlock; n < Math.min((block + 1) * perBlock, map.blocks); n++) yield n;
}
