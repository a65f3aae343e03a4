import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { idKey } from '../../format/index-object.ts';
import type { Segment } from '../../format/root.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { Doubts } from '../../model/damage-record.ts';
import { indexReader, type Locations } from './locator.ts';
import { readPackFooter } from './pack-footer.ts';
import { believedIds, blocksOfPage, doubtedOf } from './page-doubts.ts';
import { allRoots } from './points.ts';
import type { VmContext } from './repository-context.ts';

/** Where blocks lie that no index tells of any more, by page: `disk number/page`. */
export type Relocated = Map<string, Locations>;

/**
 * Where an index object is lost, the packs themselves tell what is in them: their ends are read, and the
 * blocks of every point that `segments` don't lead to are looked for there. The packs are looked at one after
 * the other; what is kept are the ids that are missing.
 */
export async function relocate(context: VmContext, segments: Segment[], doubts: Doubts): Promise<Relocated> {
  const wanted = await unlocated(context, segments, doubts);
  const found: Relocated = new Map();
  if (wanted.size === 0) return found;
  const { names, store } = context;
  for await (const { key, size } of store.list(`${names.folder}packs/`)) {
    const pack = /\/([0-9a-f]{32})$/.exec(key)?.[1];
    if (pack === undefined || doubts.section(key.slice(names.folder.length))) continue;
    for (const { id, ...span } of (await footerOf(context, pack, size)) ?? []) {
      const location = { pack, ...span };
      if (doubts.block(location)) continue;
      for (const place of wanted.get(idKey(id)) ?? []) {
        const locations = found.get(place) ?? new Map();
        found.set(place, locations.set(idKey(id), location));
      }
    }
  }
  return found;
}

/** The blocks that no index tells of, by `idKey`, and the pages that need them. */
async function unlocated(
  context: VmContext,
  segments: Segment[],
  doubts: Doubts,
): Promise<Map<string, Set<string>>> {
  const index = indexReader(context);
  const wanted = new Map<string, Set<string>>();
  for await (const root of allRoots(context, () => {}))
    for (const found of root.disks)
      for (const [page, refs] of found.pages.entries()) {
        if (!doubts.page(found.number, page)) continue;
        const ids = await believedIds(context, root, refs, blocksOfPage(found, page), doubts);
        if (!ids) continue;
        const { locations } = await index.locate(segments, found.number, page);
        // Only what is nowhere: what is in a damaged pack isn't in another one.
        for (const id of doubtedOf(ids, locations, { block: () => false }).doubted)
          wanted.set(id, (wanted.get(id) ?? new Set()).add(`${found.number}/${page}`));
      }
  return wanted;
}

async function footerOf(context: VmContext, pack: string, size: number) {
  try {
    return await readPackFooter(context, pack, size);
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
    return undefined;
  }
}
