import type { Span } from '../model/location.ts';
import { ID_BYTES } from './blocks.ts';
import { HEADER_BYTES } from './sealing.ts';

/** A pack is closed by the block that makes it reach this many bytes. */
export const PACK_TARGET = 16 * 2 ** 20;

export interface PackedBlock extends Span {
  id: Buffer;
}

const ENTRY = ID_BYTES + 4;

/** Footer of a pack: per block, in the order stored, `id(32) length(u32)`. */
export function encodePackFooter(blocks: PackedBlock[]): Buffer {
  const bytes = Buffer.alloc(blocks.length * ENTRY);
  blocks.forEach((block, n) => {
    block.id.copy(bytes, n * ENTRY);
    bytes.writeUInt32BE(block.length, n * ENTRY + ID_BYTES);
  });
  return bytes;
}

export function decodePackFooter(bytes: Buffer): PackedBlock[] {
  let offset = HEADER_BYTES;
  return Array.from({ length: Math.floor(bytes.length / ENTRY) }, (_, n) => {
    const id = bytes.subarray(n * ENTRY, n * ENTRY + ID_BYTES);
    const length = bytes.readUInt32BE(n * ENTRY + ID_BYTES);
    const block = { id, offset, length };
    offset += length;
    return block;
  });
}
