import { Unreadable } from '../bytes/disk-bytes.ts';

/** Of each block of a legacy frame, once it is unpacked. */
const BLOCK = 8 * 2 ** 20;
/** The most that a block of that size has when it is packed. Source: LZ4_compressBound in lz4.h. */
const mostPacked = BLOCK + BLOCK / 255 + 16;
export const LZ4_LEGACY = 0x184c2102;

/**
 * Unpacks the legacy frame of LZ4, the only one that Linux takes: `u32 length ‖ block`, over and over.
 * Source: lz4_Frame_format.md, "Legacy frame"; lz4_Block_format.md. Node has no LZ4.
 *
 * @throws Unreadable
 */
export async function* unpackLz4(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let isFirst = true;
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length >= at + 4) {
      const length = rest.readUInt32LE(at);
      if (length === LZ4_LEGACY) {
        isFirst = false;
        at += 4;
        continue;
      }
      // What follows the last block is padding, or something else.
      if (isFirst || length === 0 || length > mostPacked) return;
      if (rest.length < at + 4 + length) break;
      yield unpackBlock(rest.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    rest = rest.subarray(at);
  }
  if (rest.some(byte => byte !== 0)) throw new Unreadable('it is packed with LZ4, and cut off');
}

function unpackBlock(packed: Buffer): Buffer {
  const out = Buffer.allocUnsafe(BLOCK);
  let [from, to] = [0, 0];
  const more = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (let byte = 255; byte === 255 && from < packed.length; ) {
      byte = packed[from++]!;
      length += byte;
    }
    return length;
  };
  while (from < packed.length) {
    const token = packed[from++]!;
    const literals = more(token >> 4);
    if (from + literals > packed.length || to + literals > BLOCK) throw new Unreadable(broken);
    to += packed.copy(out, to, from, from + literals);
    from += literals;
    // The last sequence has no match.
    if (from >= packed.length) break;
    if (from + 2 > packed.length) throw new Unreadable(broken);
    const distance = packed.readUInt16LE(from);
    from += 2;
    const length = more(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > BLOCK) throw new Unreadable(broken);
    // A match may reach into what it writes.
    for (let n = 0; n < length; n++, to++) out[to] = out[to - distance]!;
  }
  return out.subarray(0, to);
}

const broken = 'it is packed with LZ4, and damaged';
