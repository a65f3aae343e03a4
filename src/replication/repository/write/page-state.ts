import { ID_BYTES } from '../../format/blocks.ts';
import { idKey } from '../../format/index-object.ts';
import {
  DELTA_ENTRY,
  deltaBlocks,
  EMPTY_PAGE,
  encodeDelta,
  MAX_DELTAS,
  type PageRefs,
  type SectionRef,
} from '../../format/page-map.ts';
import { loadPage } from '../read/pages.ts';
import type { VmContext } from '../read/repository-context.ts';
import type { PageHarm } from './page-harm.ts';

/** A page of a disk's map while a commit changes it. */
export interface OpenPage {
  readonly ids: Buffer;
  /** Numbers, within the page, of the blocks that changed. */
  readonly dirty: Set<number>;
  /** Deltas that the page was read from. */
  readonly deltas: Buffer[];
  /** The page must be written anew: what it was read from holds more blocks than it has now. */
  rewrite: boolean;
  /** False when the block has that id already. */
  set(block: number, id: Buffer): boolean;
  /** Whether the page held a block with this `idKey` when it was opened. */
  had(key: string): boolean;
  /** Blocks whose stored copy isn't believed, by `idKey`: only what this commit stored of them counts. */
  doubted: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** `harm`: what of it isn't to be believed. */
export async function openPage(
  context: VmContext,
  refs: PageRefs,
  sizes: Map<string, number>,
  blocks: number,
  harm?: PageHarm,
): Promise<OpenPage> {
  const from = harm?.mapLost ? EMPTY_PAGE : refs;
  const { ids, deltas } = await loadPage(context, from, sizes, blocks);
  const known = new Set(harm?.stored);
  if (from.base || from.deltas.length > 0)
    for (let at = 0; at < ids.length; at += ID_BYTES) known.add(idKey(ids.subarray(at)));
  const dirty = new Set<number>();
  return {
    ids,
    dirty,
    deltas,
    rewrite: harm?.mapLost ?? false,
    set(block, id) {
      const at = block * ID_BYTES;
      if (ids.compare(id, 0, ID_BYTES, at, at + ID_BYTES) === 0) return false;
      id.copy(ids, at);
      dirty.add(block);
      return true;
    },
    had: key => known.has(key),
    doubted: harm?.doubted ?? NONE,
  };
}

/**
 * Writes a page as cheaply as reading it stays cheap: a delta on top, up to eight of them; then all
 * deltas as one; a new base once the deltas are as long as a base.
 */
export function writePage(
  page: OpenPage,
  refs: PageRefs,
  add: (kind: 'base' | 'delta', payload: Buffer) => SectionRef,
): PageRefs {
  const { ids, dirty, deltas } = page;
  if (dirty.size === 0 && !page.rewrite) return refs;
  if (ids.every(byte => byte === 0)) return EMPTY_PAGE;
  const size = deltas.reduce((sum, d) => sum + d.length, dirty.size * DELTA_ENTRY);
  if (page.rewrite || size >= ids.length) return { base: add('base', ids), deltas: [] };
  if (refs.deltas.length < MAX_DELTAS)
    return { base: refs.base, deltas: [...refs.deltas, add('delta', encodeDelta(dirty, ids))] };
  const blocks = new Set(dirty);
  for (const delta of deltas)
    for (const block of deltaBlocks(delta)) if (block * ID_BYTES < ids.length) blocks.add(block);
  return { base: refs.base, deltas: [add('delta', encodeDelta(blocks, ids))] };
}
