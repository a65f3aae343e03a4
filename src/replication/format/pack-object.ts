import type { Span } from '../model/store.ts';
import { ID_BYTES, MAX_BLOCK } from './blocks.ts';
import { TRAILER_BYTES, trailer } from './container.ts';
import { HEADER_BYTES, sealerFor, smallestSection } from './sealing.ts';
import type { Vault } from './vault.ts';

/** A pack is closed by the block that makes it reach this many bytes, or have this many blocks. */
const PACK_TARGET = 16 * 2 ** 20;
const MOST_BLOCKS = 2 ** 16;

export interface PackedBlock extends Span {
  id: Buffer;
}

const ENTRY = ID_BYTES + 4;

/** Bytes that no pack is longer than. */
export const PACK_ROOM = PACK_TARGET + MAX_BLOCK + MOST_BLOCKS * ENTRY + 2 * smallestSection + TRAILER_BYTES;

export interface PackBuilder {
  /** It takes no more blocks. */
  readonly isFull: boolean;
  /** A section that is a block with this id. */
  add(id: Buffer, plaintext: Buffer): Span;
  /** The whole object: a part of the bytes that it was made in. */
  finish(): Buffer;
}

/** Makes a pack within `room`, which has `PACK_ROOM` bytes and is the pack's until it is stored. */
export function packBuilder(vault: Vault, key: string, id: string, room: Buffer): PackBuilder {
  const sealer = sealerFor(vault, 'pack', key, Buffer.from(id, 'hex'));
  const blocks: PackedBlock[] = [];
  let size = sealer.header.copy(room);
  return {
    get isFull() {
      return size >= PACK_TARGET || blocks.length >= MOST_BLOCKS;
    },
    add(id, plaintext) {
      const span = { offset: size, length: sealer.sealBlock(room, size, id, plaintext) };
      blocks.push({ id, ...span });
      size += span.length;
      return span;
    },
    finish() {
      const end = size + sealer.seal(size, encodePackFooter(blocks)).copy(room, size);
      return room.subarray(0, end + trailer(size).copy(room, end));
    },
  };
}

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
