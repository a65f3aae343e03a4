import { Failure } from '../../../diagnostics/diagnostic.ts';
import { EMPTY_PAGE, nameOf, type PageRefs, type SectionRef } from '../../format/page-map.ts';
import { encodeRoot, type Root } from '../../format/root.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import type { Doubts, PointId } from '../../model/damage-record.ts';
import type { MendedMaps } from '../../model/point-writer.ts';
import { blocksOfPage } from '../read/page-doubts.ts';
import { loadPage } from '../read/pages.ts';
import { openRoot, pointNames, readable, readPoint } from '../read/points.ts';
import type { Session } from './commit-session.ts';
import type { PagesWriter } from './pages-writer.ts';
import { idsWithout, readSections } from './section-values.ts';

/** A page of the head's map that was lost, and that a commit has made again from what the source has. */
export interface RemadePage {
  disk: number;
  page: number;
  /** Blocks, by number within the page, of which it isn't known what the head's point had there. */
  unknown: Set<number>;
  /** Blocks that an index tells of under this page, by `idKey`. */
  named: ReadonlySet<string>;
}

interface Roots {
  /** The head's, as it was before the commit. */
  before: Root;
  /** That of the point in the making, whose pages are written. */
  made: Root;
  doubts: Doubts;
}

/**
 * Gives points that need a lost page of the map that page again, where it can be told: what hasn't changed
 * at the source since the head's point is what that point had, and with it every point that shares the
 * section that was lost. Such a point's object is written anew, the same but for where its pages are.
 */
export async function mendMaps(
  work: Session,
  pages: PagesWriter,
  { before, made, doubts }: Roots,
  remade: ReadonlyMap<string, RemadePage>,
): Promise<MendedMaps> {
  if (remade.size === 0) return { mended: [], lost: [] };
  const { context } = work;
  const known = new Map<string, Promise<PageRefs | undefined>>();

  const pageAgain = async (refs: PageRefs, root: Root, blocks: number, of: RemadePage) => {
    const own = await readSections(context, refs, root.pagesObjects, doubts);
    if (own.every(({ payload }) => payload)) return refs;
    const pageOf = ({ disks }: Root) => disks.find(({ number }) => number === of.disk)?.pages[of.page];
    const [head, now] = [pageOf(before), pageOf(made)];
    if (!head || !now) return undefined;
    const at = blocksOfPage(made.disks.find(({ number }) => number === of.disk)!, of.page);
    const { ids: current } = await loadPage(context, now, made.pagesObjects, at);
    const above = await readSections(context, head, before.pagesObjects, doubts);
    const ids = idsWithout(own, above, { current, unknown: of.unknown, blocks });
    if (!ids) return undefined;
    if (current.subarray(0, ids.length).equals(ids)) return now;
    if (ids.every(byte => byte === 0)) return EMPTY_PAGE;
    await pages.room();
    return { base: pages.add('base', of.disk, of.page, ids), deltas: [] };
  };
  /** The root with every page that could be had again; undefined where one couldn't. */
  const again = async (root: Root): Promise<Root | undefined> => {
    const disks: Root['disks'] = [];
    for (const disk of root.disks) {
      const refs = [...disk.pages];
      for (const [page, old] of disk.pages.entries()) {
        const of = remade.get(`${disk.number}/${page}`);
        if (!of) continue;
        const blocks = blocksOfPage(disk, page);
        const name = `${disk.number}/${page} ${blocks} ${nameOf(old)}`;
        const found = known.get(name) ?? pageAgain(old, root, blocks, of);
        known.set(name, found);
        const mended = await found;
        if (!mended) return undefined;
        refs[page] = mended;
      }
      disks.push({ ...disk, pages: refs });
    }
    return { ...root, disks };
  };
  const differs = (root: Root, other: Root) =>
    root.disks.some(({ pages: refs }, n) => refs.some((one, page) => one !== other.disks[n]!.pages[page]));

  const lost: PointId[] = [];
  const mended: PointId[] = [];
  for (const name of await pointNames(context)) {
    const root = await readable(readPoint(context, name), () => {});
    const found = root && (await again(root));
    if (root && !found) lost.push(name);
    if (root && found && differs(root, found)) mended.push(name);
  }
  const written = await pages.flush();
  const done: PointId[] = [];
  for (const name of mended) {
    const isDone = await rewrite(work, name, again, [made.pagesObjects, written]).catch(refused);
    (isDone ? done : lost).push(name);
  }
  return { mended: done, lost };
}

/** What can't be written, or read any more, stays as it is: the point in the making needs none of it. */
function refused(error: unknown): false {
  if (error instanceof Failure) return false;
  throw error;
}

/** False: somebody else has written it, or it can't be read any more. */
async function rewrite(
  { context, totals, step }: Session,
  { generation, id }: PointId,
  again: (root: Root) => Promise<Root | undefined>,
  sizes: ReadonlyMap<string, number>[],
): Promise<boolean> {
  const { store, vault, names, random } = context;
  const key = names.point(generation, id);
  const there = await store.get(key);
  if (!there) return false;
  const old = openRoot(vault, 'point', key, there.bytes);
  const root = await again(old);
  if (!root) return false;
  const sizeOf = ({ object }: SectionRef) =>
    [old.pagesObjects, ...sizes].map(known => known.get(object)).find(size => size !== undefined)!;
  const refs = root.disks.flatMap(disk =>
    disk.pages.flatMap(({ base, deltas }) => (base ? [base, ...deltas] : deltas)),
  );
  const pagesObjects = new Map(refs.map(ref => [ref.object, sizeOf(ref)]));
  const bytes = sealObject(
    vault,
    'point',
    key,
    random.bytes(SALT_BYTES),
    encodeRoot({ ...root, pagesObjects }),
  );
  await step('point');
  const lock = context.lock?.();
  const put = await store.put(key, bytes, { when: { ifMatch: there.etag }, ...(lock && { lock }) });
  totals.bytes_uploaded += bytes.length;
  return put.ok;
}
