import { PAGE_BLOCKS } from '../../format/blocks.ts';
import type { Root, RootDisk, Segment } from '../../format/root.ts';
import type { Doubts } from '../../model/damage-record.ts';
import { indexReader } from '../read/locator.ts';
import { believedIds, blocksOfPage, doubtedOf } from '../read/page-doubts.ts';
import type { Relocated } from '../read/relocate.ts';
import type { VmContext } from '../read/repository-context.ts';

/** What of one page of a disk's map, and of the blocks that it names, can't be believed. */
export interface PageHarm {
  /** The map itself can't be read: every block of the page has to be put. */
  mapLost: boolean;
  /** Blocks that the map names and that aren't stored as they should be, by `idKey`. */
  doubted: ReadonlySet<string>;
  /** Of a page whose map is lost: blocks that are stored all the same, by `idKey`. */
  stored: ReadonlySet<string>;
  /** Of such a page: all blocks that an index tells of, believed or not; undefined: nothing is believed. */
  named?: ReadonlySet<string>;
  /** Numbers within the page, ascending, of the blocks that have to be put. */
  blocks: number[];
}

export interface HarmReader {
  /** Undefined: nothing of the page is doubted. */
  of(disk: number, page: number): Promise<PageHarm | undefined>;
  /** Numbers of the blocks of the whole disk that have to be put, ascending. */
  blocks(disk: RootDisk): AsyncGenerator<number>;
}

const NONE: ReadonlySet<string> = new Set();

/** The index objects of the root that are of use. */
export function segmentsInUse(
  { names }: VmContext,
  root: Root | undefined,
  doubts: Doubts | undefined,
): Segment[] {
  const inFolder = (key: string) => key.slice(names.folder.length);
  return (root?.segments ?? []).filter(
    ({ generation, id }) => !doubts?.section(inFolder(names.index(generation, id))),
  );
}

/**
 * Looks at those pages of `root` of which something is doubted. What it found is kept, which is ids alone,
 * and only of what is damaged. `segments`: the index objects in use; `relocated`: where blocks lie that they
 * don't tell of.
 */
export function harmReader(
  context: VmContext,
  root: Root | undefined,
  doubts: Doubts | undefined,
  segments: Segment[],
  relocated: Relocated,
): HarmReader {
  const index = indexReader(context);
  const known = new Map<string, Promise<PageHarm | undefined>>();

  const look = async (found: RootDisk, page: number, of: Root, by: Doubts): Promise<PageHarm | undefined> => {
    const count = blocksOfPage(found, page);
    const lost = (stored: ReadonlySet<string>, named?: ReadonlySet<string>): PageHarm => ({
      ...{ mapLost: true, doubted: NONE, stored },
      ...(named && { named }),
      blocks: Array.from({ length: count }, (_, n) => n),
    });
    if (by.all) return lost(NONE);
    const ids = await believedIds(context, of, found.pages[page]!, count, by);
    const located = await index.locate(segments, found.number, page);
    const again = relocated.get(`${found.number}/${page}`) ?? [];
    const locations = new Map([...located.locations, ...again]);
    if (!ids) {
      const stored = [...locations].flatMap(([id, at]) => (by.block(at) ? [] : [id]));
      return lost(new Set(stored), new Set(locations.keys()));
    }
    const { doubted, blocks } = doubtedOf(ids, locations, by);
    return blocks.length === 0 ? undefined : { mapLost: false, doubted, stored: NONE, blocks };
  };
  const of = async (disk: number, page: number): Promise<PageHarm | undefined> => {
    const found = root?.disks.find(({ number }) => number === disk);
    if (!root || !doubts || !found || page >= found.pages.length || !doubts.page(disk, page))
      return undefined;
    const name = `${disk}/${page}`;
    const looking = known.get(name) ?? look(found, page, root, doubts);
    known.set(name, looking);
    looking.catch(() => known.delete(name));
    return looking;
  };
  return {
    of,
    async *blocks({ number, pages }) {
      for (const page of pages.keys())
        for (const block of (await of(number, page))?.blocks ?? []) yield page * PAGE_BLOCKS + block;
    },
  };
}
