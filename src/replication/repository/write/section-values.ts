import { Failure, failedWith } from '../../../diagnostics/diagnostic.ts';
import { ID_BYTES } from '../../format/blocks.ts';
import { DELTA_ENTRY, type PageRefs, type SectionRef } from '../../format/page-map.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { Doubts } from '../../model/damage-record.ts';
import { openSection } from '../read/pages.ts';
import type { VmContext } from '../read/repository-context.ts';

/** A section of a page; without a payload it is lost. */
export interface Section {
  kind: 'base' | 'delta';
  ref: SectionRef;
  payload: Buffer | undefined;
}

/** The sections of a page, the base first. */
export async function readSections(
  context: VmContext,
  { base, deltas }: PageRefs,
  sizes: Map<string, number>,
  doubts: Pick<Doubts, 'section'>,
): Promise<Section[]> {
  const read = async (kind: Section['kind'], ref: SectionRef): Promise<Section> => {
    if (doubts.section(`pages/${ref.object}`, ref.offset)) return { kind, ref, payload: undefined };
    try {
      return { kind, ref, payload: await openSection(context, kind, ref, sizes) };
    } catch (error) {
      if (!(error instanceof Failure) || !(failedWith(error, 'missing-object') || isUnreadable(error)))
        throw error;
      return { kind, ref, payload: undefined };
    }
  };
  const all = base ? [read('base', base)] : [];
  return Promise.all([...all, ...deltas.map(ref => read('delta', ref))]);
}

/**
 * The ids of a page some of whose sections are lost; undefined where one of its blocks can't be told. What is
 * in a section stands; what would come from a lost one is what the head's page has there, as long as nothing
 * else in that page covers it: sections are only ever put on top, so what a section stands on is the same
 * wherever it is.
 *
 * @param head the sections of the head's page
 * @param current `current`: the ids that the page has now; all but those of `unknown` are the head's.
 */
export function idsWithout(
  own: readonly Section[],
  head: readonly Section[],
  { current, unknown, blocks }: { current: Buffer; unknown: ReadonlySet<number>; blocks: number },
): Buffer | undefined {
  const topmost = head.findLastIndex(({ payload }) => !payload);
  const seen = head[topmost]?.ref;
  const covered = new Set(head.slice(topmost + 1).flatMap(({ payload }) => [...entries(payload!).keys()]));
  const layers = own.map(one => ({
    ...one,
    entries: one.kind === 'delta' && one.payload ? entries(one.payload) : undefined,
  }));
  const ids = Buffer.alloc(blocks * ID_BYTES);
  for (let block = 0; block < blocks; block++) {
    const layer = layers.findLast(one => !one.payload || one.kind === 'base' || one.entries?.has(block));
    if (!layer) continue;
    const at = block * ID_BYTES;
    if (!layer.payload) {
      const isHeads = seen?.object === layer.ref.object && seen.offset === layer.ref.offset;
      if (!isHeads || covered.has(block) || unknown.has(block) || at >= current.length) return undefined;
      current.copy(ids, at, at, at + ID_BYTES);
    } else if (layer.entries)
      layer.payload.copy(ids, at, layer.entries.get(block)!, layer.entries.get(block)! + ID_BYTES);
    else layer.payload.copy(ids, at, at, at + ID_BYTES);
  }
  return ids;
}

/** Where in a delta the id of each block is that it sets. */
function entries(delta: Buffer): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at < delta.length; at += DELTA_ENTRY) found.set(delta.readUInt16BE(at), at + 2);
  return found;
}
