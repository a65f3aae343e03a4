import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { parseNumbered } from '../../format/names.ts';
import type { Root } from '../../format/root.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { DamagedObject } from '../../model/damage-record.ts';
import { indexReader } from './locator.ts';
import { newestRoot, type PointName } from './points.ts';
import type { VmContext } from './repository-context.ts';

/** What a look at presence found, as a record of damage has it. */
export type Found = Omit<DamagedObject, 'since'>;

/**
 * Whether everything that the newest point needs is there and as long as it was written: one listing, and the
 * footers of the index. No content is read. What isn't there is asked for once more by its name.
 */
export async function lookForPresence(context: VmContext): Promise<Found[]> {
  const { names, store } = context;
  const root = await newestRoot(context, () => {});
  if (!root) return [];
  const sizes = new Map<string, number>();
  for await (const { key, size } of store.list(names.folder)) sizes.set(key, size);
  const found: Found[] = [];
  /** `size`: in bytes, where it is known. */
  const demand = async (key: string, size: number | undefined, places?: [number, number][]) => {
    const fits = (is: number | undefined) =>
      is !== undefined && is > 0 && (size === undefined || is === size);
    if (fits(sizes.get(key))) return;
    const again = (await store.head(key))?.size;
    if (fits(again)) return;
    const object = key === names.roster ? 'roster' : key.slice(names.folder.length);
    found.push({ object, why: again === undefined ? 'missing' : 'damaged', ...(places && { places }) });
  };
  for (const [id, size] of root.pagesObjects) await demand(names.pages(id), size, pagesThatNeed(root, id));
  const packs = new Set<string>();
  const index = indexReader(context);
  for (const segment of root.segments) {
    await demand(names.index(segment.generation, segment.id), segment.bytes);
    try {
      for (const pack of (await index.footer(segment)).packs) packs.add(pack);
    } catch (error) {
      // Gone, and found above; or damaged, which is for those to find who read contents.
      if (!failedWith(error, 'missing-object') && !isUnreadable(error)) throw error;
    }
  }
  for (const pack of packs) await demand(names.pack(pack), undefined);
  await demand(names.roster, undefined);
  return found;
}

/**
 * Whether the objects of the map that the point of `root` needs are there, as long as they were written: one
 * listing, which tells the names of all points as well. What isn't there is asked for once more by its name.
 */
export async function lookForMaps(
  { names, store }: VmContext,
  root: Root,
): Promise<{ found: Found[]; points: PointName[] }> {
  const sizes = new Map<string, number>();
  const points: PointName[] = [];
  // Of all keys that begin like these two, packs alone are many, and they come first.
  for await (const { key, size } of store.list(`${names.folder}p`, names.pages(''))) {
    const name = key.startsWith(names.points) ? parseNumbered(key) : undefined;
    if (name) points.push(name);
    sizes.set(key, size);
  }
  const found: Found[] = [];
  for (const [id, size] of root.pagesObjects) {
    const key = names.pages(id);
    if (sizes.get(key) === size) continue;
    const again = (await store.head(key))?.size;
    if (again === size) continue;
    const why = again === undefined ? 'missing' : 'damaged';
    found.push({ object: key.slice(names.folder.length), why, places: pagesThatNeed(root, id) });
  }
  return { found, points };
}

const pagesThatNeed = ({ disks }: Root, object: string): [number, number][] =>
  disks.flatMap(({ number, pages }) =>
    pages.flatMap(({ base, deltas }, page): [number, number][] =>
      [base, ...deltas].some(ref => ref?.object === object) ? [[number, page]] : [],
    ),
  );
