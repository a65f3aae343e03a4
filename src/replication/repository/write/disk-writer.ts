import { blockCount, blockLength, isZero, PAGE_BLOCKS, pageCount, ZERO_ID } from '../../format/blocks.ts';
import { idKey } from '../../format/index-object.ts';
import { EMPTY_PAGE, type PageRefs } from '../../format/page-map.ts';
import type { Root } from '../../format/root.ts';
import type { PointDisk } from '../../model/point.ts';
import type { DiskChanges, DiskWriter } from '../../model/point-writer.ts';
import type { Location } from '../../model/store.ts';
import { diskReader } from '../read/disk-reader.ts';
import type { ClaimedPacks } from './claimed-packs.ts';
import type { Session } from './commit-session.ts';
import type { IndexWriter } from './index-writer.ts';
import type { RemadePage } from './mend-maps.ts';
import type { PackWriter } from './pack-writer.ts';
import type { HarmReader } from './page-harm.ts';
import { type OpenPage, openPage, writePage } from './page-state.ts';
import type { PagesWriter } from './pages-writer.ts';
import type { Remembered } from './remembered.ts';

/** What the disks of one commit share. */
export interface Parts {
  session: Session;
  packs: PackWriter;
  pages: PagesWriter;
  index: IndexWriter;
  /** Blocks that this commit stored, by `idKey`: for deduplication across pages. */
  stored: Remembered<Location>;
  harm: HarmReader;
  claimed: ClaimedPacks;
  /** Pages whose map was lost, by `disk number/page`. */
  remade: Map<string, RemadePage>;
}

/** Pages of the map in memory per disk, about 300 KiB each. */
const OPEN_PAGES = 32;

/**
 * `base`: the root and index of the disk that unput blocks come from. `number`: of the map, see the format.
 */
export function diskWriter(
  parts: Parts,
  disk: PointDisk,
  number: number,
  base: { root: Root; disk: PointDisk } | undefined,
  { onDiffer, isChanged }: DiskChanges = {},
): DiskWriter & { finish(): Promise<PageRefs[]> } {
  const { session, packs, pages, index, stored, harm, claimed, remade } = parts;
  const { context } = session;
  const blocks = blockCount(disk.bytes, disk.blockSize);
  const before = base?.root.disks.find(d => d.disk.index === base.disk.index)?.pages ?? [];
  const refs = Array.from({ length: pageCount(blocks) }, (_, n) => before[n] ?? EMPTY_PAGE);
  const open = new Map<number, Promise<OpenPage>>();
  /** Pages that this commit has written. */
  const written = new Set<number>();
  const blocksOf = (page: number) => Math.min(PAGE_BLOCKS, blocks - page * PAGE_BLOCKS);
  let lastPut = -1;
  const tail = base ? partialTail(base.disk, disk) : undefined;

  const load = async (page: number): Promise<OpenPage> => {
    const sizes = base?.root.pagesObjects ?? new Map();
    const named = [refs[page]!.base, ...refs[page]!.deltas];
    // A page that this very commit has written before: it has to be in the store to be read.
    if (named.some(ref => ref && !sizes.has(ref.object))) await pages.flush();
    const found = base && (await harm.of(number, page));
    // A lost map was begun anew by this commit: what it has of it is read back.
    if (found?.mapLost && found.named && isChanged && !remade.has(`${number}/${page}`))
      remade.set(`${number}/${page}`, { disk: number, page, unknown: new Set(), named: found.named });
    const known = found && written.has(page) ? { ...found, mapLost: false } : found;
    return openPage(context, refs[page]!, sizes, blocksOf(page), known);
  };
  const close = async (page: number) => {
    const opening = open.get(page);
    const state = await opening;
    if (!state || open.get(page) !== opening) return;
    open.delete(page);
    written.add(page);
    refs[page] = writePage(state, refs[page]!, (kind, payload) => pages.add(kind, number, page, payload));
  };
  /** The page, open: nothing else runs between its resolution and the caller's next await. */
  const opened = async (page: number): Promise<OpenPage> => {
    for (;;) {
      let opening = open.get(page);
      if (!opening) {
        opening = load(page);
        opening.catch(() => open.delete(page));
        open.set(page, opening);
      }
      const state = await opening;
      if (open.get(page) === opening) return state;
    }
  };

  /** Waits, if need be, until the block's page is open and a block can be stored. */
  const ready = async (page: number): Promise<OpenPage> => {
    for (;;) {
      await Promise.all([packs.room(), pages.room(), index.room(), claimed.room()]);
      const state = await opened(page);
      // Other disks of the commit store in the same packs.
      if (packs.hasRoom()) return state;
    }
  };
  /** Takes in one block. Nothing else runs meanwhile. */
  const take = (state: OpenPage, block: number, plaintext: Buffer) => {
    const zero = isZero(plaintext);
    const id = zero ? ZERO_ID : context.vault.blockId(plaintext);
    if (block === tail) lastPut = block;
    const changed = state.set(block % PAGE_BLOCKS, id);
    if (changed) onDiffer?.(block);
    const key = idKey(id);
    const page = remade.get(`${number}/${pageOf(block)}`);
    // What no index tells of was never there: tracking has left it out.
    if (page && (isChanged?.(block) || !(zero || page.named.has(key)))) page.unknown.add(block % PAGE_BLOCKS);
    if (zero) return;
    const doubted = state.doubted.has(key);
    if (!doubted && (!changed || state.had(key))) return;
    let location = stored.get(key);
    if (!location) {
      location = claimed.take(key);
      if (location) {
        session.totals.blocks_reused++;
        session.totals.bytes_reused += plaintext.length;
      } else {
        location = packs.add(id, plaintext);
        if (doubted) session.totals.blocks_healed++;
      }
      stored.set(key, location);
    }
    index.note(number, pageOf(block), key, location);
  };

  const put: DiskWriter['put'] = async (first, bytes) => {
    let state: OpenPage | undefined;
    for (let block = first, at = 0; at < bytes.length || block === first; block++) {
      const length = block >= 0 && block < blocks ? blockLength(disk, block) : 0;
      if (length === 0 || at + length > bytes.length)
        throw new RangeError(`${bytes.length} bytes from block ${first} on don't fit disk ${disk.index}`);
      if (!state || block % PAGE_BLOCKS === 0 || !packs.hasRoom()) state = await ready(pageOf(block));
      take(state, block, bytes.subarray(at, at + length));
      at += length;
    }
    if (open.size > OPEN_PAGES) await close(open.keys().next().value!);
  };

  return {
    blockSize: disk.blockSize,
    put,
    async finish() {
      if (base && tail !== undefined && lastPut !== tail) {
        const old = await diskReader(context, base.root, base.disk.index).block(tail);
        const resized = Buffer.alloc(blockLength(disk, tail));
        old.copy(resized);
        await put(tail, resized);
      }
      if (base && base.disk.bytes > disk.bytes && blocks > 0) (await opened(refs.length - 1)).rewrite = true;
      for (const page of [...open.keys()]) await close(page);
      return refs;
    },
  };
}

const pageOf = (block: number): number => Math.floor(block / PAGE_BLOCKS);

/** The block whose length differs between a disk and its resized self; undefined when none does. */
function partialTail(before: PointDisk, after: PointDisk): number | undefined {
  const bytes = Math.min(before.bytes, after.bytes);
  if (before.bytes === after.bytes || bytes % after.blockSize === 0) return undefined;
  return Math.floor(bytes / after.blockSize);
}
