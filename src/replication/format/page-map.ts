import { ID_BYTES, PAGE_BLOCKS } from './blocks.ts';
import { canBeSection } from './sealing.ts';

/** Sections of `pages/` objects that hold one page of a disk's map. */
export interface PageRefs {
  /** Undefined: all zero. */
  base: SectionRef | undefined;
  /** Later ones win. */
  deltas: SectionRef[];
}
export interface SectionRef {
  /** Id of the pages object. */
  object: string;
  offset: number;
  length: number;
}

export const EMPTY_PAGE: PageRefs = { base: undefined, deltas: [] };
export const MAX_DELTAS = 8;
/** u16 block number within the page, block id. */
export const DELTA_ENTRY = 2 + ID_BYTES;
/** Longest payload of a page's section, bytes. */
export const PAGE_CAP = PAGE_BLOCKS * DELTA_ENTRY;

/** Equal names mean equal pages, also across points. */
export const nameOf = (refs: PageRefs) =>
  refs.base || refs.deltas.length > 0
    ? [refs.base, ...refs.deltas].map(r => (r ? `${r.object}+${r.offset}` : 'zero')).join(' ')
    : 'zero';

/** `blocks`: numbers within the page; `ids`: the whole page, 32 bytes per block. */
export function encodeDelta(blocks: Iterable<number>, ids: Buffer): Buffer {
  const sorted = [...blocks].sort((a, b) => a - b);
  const bytes = Buffer.alloc(sorted.length * DELTA_ENTRY);
  sorted.forEach((block, n) => {
    bytes.writeUInt16BE(block, n * DELTA_ENTRY);
    ids.copy(bytes, n * DELTA_ENTRY + 2, block * ID_BYTES, (block + 1) * ID_BYTES);
  });
  return bytes;
}

/** Throws RangeError for what is not a payload of a base or a delta. */
export function checkPage(kind: 'base' | 'delta', payload: Buffer): void {
  if (payload.length % (kind === 'base' ? ID_BYTES : DELTA_ENTRY) !== 0)
    throw new RangeError(`its ${kind} ends within an entry`);
}

/** Block numbers that a delta sets. */
export function* deltaBlocks(delta: Buffer): Generator<number> {
  for (let at = 0; at < delta.length; at += DELTA_ENTRY) yield delta.readUInt16BE(at);
}

/** Writes base and deltas, oldest first, over `ids`; what lies past its end is left out. */
export function mergePage(ids: Buffer, base: Buffer | undefined, deltas: Buffer[]): void {
  base?.copy(ids);
  for (const delta of deltas)
    for (let at = 0; at < delta.length; at += DELTA_ENTRY) {
      const target = delta.readUInt16BE(at) * ID_BYTES;
      if (target < ids.length) delta.copy(ids, target, at + 2, at + DELTA_ENTRY);
    }
}

const REF_BYTES = 12;
const HAS_BASE = 0x80;

/** One disk's page table: per page a count byte, then `object number, offset, length` as u32 each. */
export function encodePageTable(pages: PageRefs[], numberOf: (object: string) => number): Buffer {
  return Buffer.concat(
    pages.map(({ base, deltas }) => {
      const refs = base ? [base, ...deltas] : deltas;
      const bytes = Buffer.alloc(1 + refs.length * REF_BYTES);
      bytes[0] = deltas.length | (base ? HAS_BASE : 0);
      refs.forEach((ref, n) => {
        bytes.writeUInt32BE(numberOf(ref.object), 1 + n * REF_BYTES);
        bytes.writeUInt32BE(ref.offset, 5 + n * REF_BYTES);
        bytes.writeUInt32BE(ref.length, 9 + n * REF_BYTES);
      });
      return bytes;
    }),
  );
}

/**
 * Throws RangeError when the bytes end early or can't be right. `end` is where the next disk's table begins.
 */
export function decodePageTable(
  bytes: Buffer,
  start: number,
  count: number,
  objects: string[],
): { pages: PageRefs[]; end: number } {
  let at = start;
  const ref = (): SectionRef => {
    const object = objects[bytes.readUInt32BE(at)];
    if (!object) throw new RangeError('unknown pages object');
    const found = { object, offset: bytes.readUInt32BE(at + 4), length: bytes.readUInt32BE(at + 8) };
    if (!canBeSection(found)) throw new RangeError('a page is where none can be');
    at += REF_BYTES;
    return found;
  };
  const pages: PageRefs[] = [];
  for (let n = 0; n < count; n++) {
    const flags = bytes.readUInt8(at++);
    if ((flags & ~HAS_BASE) > MAX_DELTAS) throw new RangeError('a page has too many deltas');
    const base = flags & HAS_BASE ? ref() : undefined;
    pages.push({ base, deltas: Array.from({ length: flags & ~HAS_BASE }, ref) });
  }
  return { pages, end: at };
}
