import { Failure, failedWith } from '../../../diagnostics/diagnostic.ts';
import { blockCount, ID_BYTES, PAGE_BLOCKS, ZERO_ID } from '../../format/blocks.ts';
import { idKey } from '../../format/index-object.ts';
import type { PageRefs } from '../../format/page-map.ts';
import type { Root, RootDisk } from '../../format/root.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { BrokenPoint, DamageRecord, Doubts, WhyBroken } from '../../model/damage-record.ts';
import { doubtsOf } from '../../model/damage-record.ts';
import type { Location } from '../../model/store.ts';
import { indexReader } from './locator.ts';
import { loadPage } from './pages.ts';
import { newestRoot, readable, readHead, readPoint } from './points.ts';
import type { VmContext } from './repository-context.ts';

export const blocksOfPage = ({ disk }: RootDisk, page: number): number =>
  Math.min(PAGE_BLOCKS, blockCount(disk.bytes, disk.blockSize) - page * PAGE_BLOCKS);

/** The ids of a page; undefined when what it is made of can't be read or isn't believed. */
export async function believedIds(
  context: VmContext,
  root: Pick<Root, 'pagesObjects'>,
  refs: PageRefs,
  blocks: number,
  doubts: Pick<Doubts, 'section'>,
): Promise<Buffer | undefined> {
  const sections = refs.base ? [refs.base, ...refs.deltas] : refs.deltas;
  if (sections.some(({ object, offset }) => doubts.section(`pages/${object}`, offset))) return undefined;
  try {
    return (await loadPage(context, refs, root.pagesObjects, blocks)).ids;
  } catch (error) {
    if (!(error instanceof Failure) || !(failedWith(error, 'missing-object') || isUnreadable(error)))
      throw error;
    return undefined;
  }
}

/** Which of these ids aren't stored as they should be, and the numbers of the blocks that have them. */
export function doubtedOf(
  ids: Buffer,
  locations: ReadonlyMap<string, Location>,
  doubts: Pick<Doubts, 'block'>,
): { doubted: Set<string>; blocks: number[] } {
  const doubted = new Set<string>();
  const blocks: number[] = [];
  for (let at = 0; at < ids.length; at += ID_BYTES) {
    if (ids.compare(ZERO_ID, 0, ID_BYTES, at, at + ID_BYTES) === 0) continue;
    const key = idKey(ids.subarray(at));
    const location = locations.get(key);
    if (location && !doubts.block(location)) continue;
    doubted.add(key);
    blocks.push(at / ID_BYTES);
  }
  return { doubted, blocks };
}

/**
 * Those of the broken points of `record` that can't be given even with the index that is in force now; a
 * point that can't be read is one of them.
 */
export async function stillBroken(context: VmContext, record: DamageRecord): Promise<BrokenPoint[]> {
  const newest = await newestRoot(context, () => {});
  const head = (await readable(readHead(context), () => {}))?.root;
  const doubts = doubtsOf(record.objects);
  const index = indexReader(context);
  const whyBroken = async (root: Root): Promise<WhyBroken | undefined> => {
    for (const found of root.disks)
      for (const [page, refs] of found.pages.entries()) {
        if (!doubts.page(found.number, page)) continue;
        const ids = await believedIds(context, root, refs, blocksOfPage(found, page), doubts);
        if (!ids) return 'map';
        const { locations } = await index.locate(newest?.segments ?? [], found.number, page);
        if (doubtedOf(ids, locations, doubts).blocks.length === 0) continue;
        const own = await index.locate(root.segments, found.number, page);
        const both = new Map([...own.locations, ...locations]);
        if (doubtedOf(ids, both, doubts).blocks.length > 0) return 'content';
      }
    return undefined;
  };
  const broken: BrokenPoint[] = [];
  for (const point of record.broken) {
    const root = head?.point.id === point.id ? head : await readable(readPoint(context, point), () => {});
    const why = root ? await whyBroken(root) : 'point';
    if (why) broken.push({ ...point, why });
  }
  return broken;
}
