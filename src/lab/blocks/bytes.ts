import { createHash } from 'node:crypto';
import type { Random } from '../../io/ports.ts';
import { type BlockStore, blockBytes, digestOf, zeroBlock, zeroDigest } from './store.ts';
import type { BlockMap, TableStore } from './tables.ts';

/** Where the bytes of a disk are: what was written lies over what it began with. */
export interface Layers {
  base?: string;
  own: string;
}

/** All blocks of a disk, by index. */
export async function blocksOf(tables: TableStore, { base, own }: Layers): Promise<BlockMap> {
  const below = base === undefined ? new Map() : await tables.read(base);
  return new Map([...below, ...(await tables.read(own))]);
}

/** `length` bytes of a disk at `offset`. */
export async function readBytes(
  blocks: BlockStore,
  map: BlockMap,
  offset: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = offset; at < offset + length; ) {
    const index = Math.floor(at / blockBytes);
    const inBlock = at - index * blockBytes;
    const size = Math.min(blockBytes - inBlock, offset + length - at);
    const entry = map.get(index);
    if (entry) (await blocks.get(entry.digest)).copy(bytes, at - offset, inBlock, inBlock + size);
    at += size;
  }
  return bytes;
}

/** Writes into one block of a volume, as its guest does. `bytes` must not go beyond that block. */
export async function writeBytes(
  { blocks, tables, random }: { blocks: BlockStore; tables: TableStore; random: Random },
  layers: Layers,
  offset: number,
  bytes: Buffer,
): Promise<void> {
  const index = Math.floor(offset / blockBytes);
  const map = await blocksOf(tables, layers);
  const block = Buffer.from(await readBytes(blocks, map, index * blockBytes, blockBytes));
  bytes.copy(block, offset - index * blockBytes);
  const digest = digestOf(block);
  const stamp = random.bytes(8).toString('hex');
  await blocks.put(digest, block, () => tables.append(layers.own, index, { digest, stamp }));
}

/**
 * SHA-256, hex, of the first `length` bytes, and whether all after them to `size` are zeros. Blocks that were
 * never written are not read.
 */
export async function hashBytes(
  blocks: BlockStore,
  map: BlockMap,
  length: number,
  size: number,
): Promise<{ sha256: string; restIsZero: boolean }> {
  const hash = createHash('sha256');
  for (let at = 0; at < length; at += blockBytes) {
    const entry = map.get(at / blockBytes);
    const block = entry ? await blocks.get(entry.digest) : zeroBlock;
    hash.update(block.subarray(0, Math.min(blockBytes, length - at)));
  }
  let restIsZero = true;
  for (const [index, { digest }] of map) {
    const from = index * blockBytes;
    if (from + blockBytes <= length || from >= size || digest === zeroDigest) continue;
    const rest = (await blocks.get(digest)).subarray(Math.max(0, length - from));
    if (rest.some(byte => byte !== 0)) restIsZero = false;
  }
  return { sha256: hash.digest('hex'), restIsZero };
}
