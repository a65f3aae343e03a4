import { join } from 'node:path';
import { GRANULE, granulesOf, pieces } from './granule.ts';
import { type Layer, openLayer } from './layer.ts';

/** The open files of a disk, base first. A layer's content hides that of the layers before it. */
export type Chain = Layer[];

export const layerPath = (dir: string, id: number): string => join(dir, `${id}.raw`);

export async function openChain(dir: string, ids: number[], capacity: number): Promise<Chain> {
  return Promise.all(ids.map(id => openLayer(layerPath(dir, id), id, capacity, false)));
}

/** What a reader sees who looks at the chain from layer `top` down. */
export async function readChain(chain: Chain, top: number, offset: number, length: number): Promise<Buffer> {
  const parts: Promise<Buffer>[] = [];
  let holder = -1;
  let start = offset;
  for (const piece of pieces(offset, length)) {
    const next = holderOf(chain, top, piece.granule);
    if (next === holder) continue;
    if (piece.start > start) parts.push(chain[holder]!.read(start, piece.start - start));
    holder = next;
    start = piece.start;
  }
  if (length > 0) parts.push(chain[holder]!.read(start, offset + length - start));
  const bytes = await Promise.all(parts);
  return bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes);
}

/** Writes to the last layer; a granule that it doesn't hold yet is copied up from below first. */
export async function writeChain(
  chain: Chain,
  offset: number,
  bytes: Buffer,
  capacity: number,
): Promise<void> {
  const top = chain.length - 1;
  for (const piece of pieces(offset, bytes.length)) {
    const part = bytes.subarray(piece.start - offset, piece.start - offset + piece.length);
    await put(chain[top]!, top, piece.granule, piece.start, part, async () => {
      const at = piece.granule * GRANULE;
      return readChain(chain, top - 1, at, Math.min(GRANULE, capacity - at));
    });
  }
}

/**
 * Copies what layer `index + 1` holds into layer `index`, after which the two read alike. May be repeated.
 */
export async function mergeDown(chain: Chain, index: number): Promise<void> {
  const target = chain[index]!;
  const child = chain[index + 1]!;
  const size = await child.size();
  if ((await target.size()) < size) await target.resize(size);
  for (let granule = 0; granule < granulesOf(size); granule++) {
    if (!child.has(granule)) continue;
    const at = granule * GRANULE;
    const content = await child.read(at, Math.min(GRANULE, size - at));
    await put(target, index, granule, at, content, async () => content);
  }
}

/** Whether any layer from `top` down was ever written there. */
export const isAllocated = (chain: Chain, top: number, granule: number): boolean =>
  holderOf(chain, top, granule) > 0 || chain[0]!.has(granule);

function holderOf(chain: Chain, top: number, granule: number): number {
  let index = top;
  while (index > 0 && !chain[index]!.has(granule)) index--;
  return index;
}

/**
 * The order is what a kill leaves behind: in the base, a granule is called used before it is; in a
 * delta, it becomes visible (all of it) only after it is written.
 */
async function put(
  layer: Layer,
  index: number,
  granule: number,
  offset: number,
  bytes: Buffer,
  before: () => Promise<Buffer>,
): Promise<void> {
  if (index === 0 || layer.has(granule)) {
    await layer.mark(granule);
    await layer.write(offset, bytes);
    return;
  }
  const whole = await before();
  bytes.copy(whole, offset - granule * GRANULE);
  await layer.write(granule * GRANULE, whole);
  await layer.mark(granule);
}
