import { failedWith } from '../../diagnostics/diagnostic.ts';
import { idKey } from '../format/index-object.ts';
import { isUnreadable } from '../model/damage.ts';
import type { Marked } from '../model/pruning-record.ts';
import { readPackFooter } from '../repository/read/pack-footer.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Needed } from './survey.ts';

/** An object that could be removed, by its key below the VM's folder. */
export interface Part {
  object: string;
  size: number;
  /** By the store's clock, ms since the epoch. */
  modified: number;
}

/** What the folder of a VM holds besides its points and the records about it. */
export async function listParts({ store, names }: VmContext): Promise<Part[]> {
  const parts: Part[] = [];
  for (const folder of ['packs/', 'pages/', 'index/', 'bundles/'])
    for await (const { key, size, modified } of store.list(names.folder + folder))
      parts.push({ object: key.slice(names.folder.length), size, modified });
  return parts;
}

export const packOf = (object: string): string | undefined =>
  /^packs\/[0-9a-f]{2}\/([0-9a-f]{32})$/.exec(object)?.[1];

/**
 * What no point needs that stays, and no writer can come to need: whoever wrote it began before `before`, and
 * can't commit any more. A pack that holds a copy of a block which is nowhere else stays.
 */
export async function unneeded(
  context: VmContext,
  parts: readonly Part[],
  needed: Needed,
  before: number,
): Promise<Part[]> {
  const found: Part[] = [];
  for (const part of parts) {
    if (part.modified >= before || needed.kept.has(part.object)) continue;
    const pack = packOf(part.object);
    if (pack !== undefined && needed.packs.has(pack)) continue;
    if (
      pack !== undefined &&
      needed.astray.size > 0 &&
      (await holdsAny(context, pack, part.size, needed.astray))
    )
      continue;
    found.push(part);
  }
  return found;
}

async function holdsAny(
  context: VmContext,
  pack: string,
  size: number,
  ids: ReadonlySet<string>,
): Promise<boolean> {
  try {
    const blocks = await readPackFooter(context, pack, size);
    return blocks?.some(({ id }) => ids.has(idKey(id))) ?? false;
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
    return !failedWith(error, 'damaged-object', 'missing-object');
  }
}

/** The marks after a look: what is needed again has lost its own, what is new gets one, and since when. */
export function marksAfter(before: readonly Marked[], now: ReadonlySet<string>): Marked[] {
  const known = new Set<string>();
  const kept = before.flatMap(({ since, objects }): Marked[] => {
    const still = objects.filter(one => now.has(one) && !known.has(one));
    for (const one of still) known.add(one);
    return still.length > 0 ? [{ ...(since !== undefined && { since }), objects: still }] : [];
  });
  const fresh = [...now].filter(one => !known.has(one)).sort();
  return fresh.length > 0 ? [...kept, { objects: fresh }] : kept;
}

/** Objects that have been marked for as long as it takes. */
export const dueOf = (marked: readonly Marked[], now: number, grace: number): string[] =>
  marked.flatMap(({ since, objects }) => (since !== undefined && since + grace <= now ? objects : []));
