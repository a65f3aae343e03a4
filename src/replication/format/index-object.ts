import type { Location, Span } from '../model/store.ts';
import { ID_BYTES, MAX_BLOCK } from './blocks.ts';
import { canBeSection, smallestSection } from './sealing.ts';

/** A section of an index object: the locations that one page of one disk needs. */
export interface IndexSection extends Span {
  disk: number;
  page: number;
}

export interface IndexFooter {
  packs: string[];
  sections: IndexSection[];
  /** Ids of the index objects whose entries this one holds too. */
  supersedes: string[];
}

/** `block id(32) pack number(u32) offset(u32) length(u32)` */
export const INDEX_ENTRY = ID_BYTES + 12;
/** Longest payload of a section that is accepted: many generations of one page, merged. */
export const SECTION_CAP = 64 * 2 ** 20;
/** Map key of a block id: its bytes, one character each. */
export const idKey = (id: Buffer) => id.toString('latin1', 0, ID_BYTES);

export function encodeEntries(entries: Map<string, Location>, packNumber: (id: string) => number): Buffer {
  const bytes = Buffer.alloc(entries.size * INDEX_ENTRY);
  let at = 0;
  for (const [id, location] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    bytes.write(id, at, 'latin1');
    bytes.writeUInt32BE(packNumber(location.pack), at + ID_BYTES);
    bytes.writeUInt32BE(location.offset, at + ID_BYTES + 4);
    bytes.writeUInt32BE(location.length, at + ID_BYTES + 8);
    at += INDEX_ENTRY;
  }
  return bytes;
}

/**
 * Adds a section's entries to `into`; those that are there already are replaced. Throws RangeError for what
 * can't be right.
 */
export function decodeEntries(bytes: Buffer, packs: string[], into: Map<string, Location>): void {
  if (bytes.length % INDEX_ENTRY !== 0) throw new RangeError('it ends within an entry');
  for (let at = 0; at < bytes.length; at += INDEX_ENTRY) {
    const pack = packs[bytes.readUInt32BE(at + ID_BYTES)];
    if (!pack) throw new RangeError('an entry names an unknown pack');
    const offset = bytes.readUInt32BE(at + ID_BYTES + 4);
    const length = bytes.readUInt32BE(at + ID_BYTES + 8);
    if (!canBeSection({ offset, length }) || length > MAX_BLOCK + smallestSection)
      throw new RangeError('an entry leads to where no block can be');
    into.set(bytes.toString('latin1', at, at + ID_BYTES), { pack, offset, length });
  }
}

const ids = (list: string[]) => Buffer.from(list.join(''), 'hex');
const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((v, n) => {
    bytes.writeUInt32BE(v, n * 4);
  });
  return bytes;
};

/** `packs, sections, superseded` as three u32 counts, then the ids (16 each) and sections (4 x u32). */
export function encodeIndexFooter({ packs, sections, supersedes }: IndexFooter): Buffer {
  return Buffer.concat([
    u32(packs.length, sections.length, supersedes.length),
    ids(packs),
    u32(...sections.flatMap(s => [s.disk, s.page, s.offset, s.length])),
    ids(supersedes),
  ]);
}

export function decodeIndexFooter(bytes: Buffer): IndexFooter {
  let at = 12;
  const next = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const readIds = (count: number) =>
    Array.from({ length: count }, () => {
      const id = next(16);
      if (id.length < 16) throw new RangeError('the footer ends early');
      return id.toString('hex');
    });
  const packs = readIds(bytes.readUInt32BE(0));
  const sections = Array.from({ length: bytes.readUInt32BE(4) }, () => {
    const s = next(16);
    const [disk, page] = [s.readUInt32BE(0), s.readUInt32BE(4)];
    const span = { offset: s.readUInt32BE(8), length: s.readUInt32BE(12) };
    if (!canBeSection(span)) throw new RangeError('a section is where none can be');
    return { disk, page, ...span };
  });
  return { packs, sections, supersedes: readIds(bytes.readUInt32BE(8)) };
}
