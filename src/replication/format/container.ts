import { damaged } from '../model/damage.ts';
import type { Span } from '../model/store.ts';
import { HEADER_BYTES, type Kind, readHeader, type Sealer, sealerFor } from './sealing.ts';
import type { Vault } from './vault.ts';

const END = Buffer.from('CVRG-END', 'latin1');
export const TRAILER_BYTES = 16;
/** Longest footer accepted, bytes. */
const FOOTER_CAP = 64 * 2 ** 20;

export interface ContainerBuilder {
  readonly sealer: Sealer;
  /** Bytes so far, header included. */
  readonly size: number;
  add(payload: Buffer): Span;
  /** The whole object, and where its footer begins. */
  finish(footer: Buffer): { bytes: Buffer; footer: number };
}

/**
 * An object of many sections that can be read by range: header, sections, footer section, trailer
 * `footerOffset(u64) "CVRG-END"`. Write-once, so its salt is the id in its name.
 */
export function containerBuilder(vault: Vault, kind: Kind, key: string, id: string): ContainerBuilder {
  const sealer = sealerFor(vault, kind, key, Buffer.from(id, 'hex'));
  const parts: Buffer[] = [sealer.header];
  let size = HEADER_BYTES;
  const push = (bytes: Buffer): Span => {
    const span = { offset: size, length: bytes.length };
    parts.push(bytes);
    size += bytes.length;
    return span;
  };
  return {
    sealer,
    get size() {
      return size;
    },
    add: payload => push(sealer.seal(size, payload)),
    finish(footer) {
      const at = push(sealer.seal(size, footer)).offset;
      parts.push(trailer(at));
      return { bytes: Buffer.concat(parts), footer: at };
    },
  };
}

/** The last bytes of a container whose footer is at this offset. */
export function trailer(footer: number): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES);
  bytes.writeBigUInt64BE(BigInt(footer));
  END.copy(bytes, 8);
  return bytes;
}

/**
 * The footer's payload from the object's last bytes. `tail` holds at least footer and trailer;
 * `start` is the offset of its first byte in the object.
 */
export function readFooter(sealer: Sealer, tail: Buffer, start: number): { payload: Buffer; offset: number } {
  const end = tail.length - TRAILER_BYTES;
  if (end < 0 || !tail.subarray(end + 8).equals(END)) throw damaged(sealer.key, 'its end is missing');
  const offset = Number(tail.readBigUInt64BE(end));
  if (offset < start || offset > start + end) throw damaged(sealer.key, 'its trailer points nowhere');
  return { payload: sealer.open(offset, tail.subarray(offset - start, end), FOOTER_CAP), offset };
}

/** Header checked and footer read of a whole object in memory. */
export function openContainer(vault: Vault, kind: Kind, key: string, bytes: Buffer) {
  const salt = readHeader(vault, kind, key, bytes);
  const sealer = sealerFor(vault, kind, key, salt);
  return { sealer, ...readFooter(sealer, bytes.subarray(HEADER_BYTES), HEADER_BYTES) };
}
