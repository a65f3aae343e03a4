import type { Span } from '../model/store.ts';

/** One section of a `pages/` object. */
export interface PageSection extends Span {
  kind: 'base' | 'delta';
  disk: number;
  page: number;
}

const ENTRY = 17;

/** Footer of a pages object: per section `kind(u8) disk(u32) page(u32) offset(u32) length(u32)`. */
export function encodePagesFooter(sections: PageSection[]): Buffer {
  const bytes = Buffer.alloc(sections.length * ENTRY);
  sections.forEach((s, n) => {
    bytes[n * ENTRY] = s.kind === 'delta' ? 1 : 0;
    [s.disk, s.page, s.offset, s.length].forEach((v, i) => {
      bytes.writeUInt32BE(v, n * ENTRY + 1 + 4 * i);
    });
  });
  return bytes;
}

export function decodePagesFooter(bytes: Buffer): PageSection[] {
  return Array.from({ length: Math.floor(bytes.length / ENTRY) }, (_, n) => ({
    kind: bytes[n * ENTRY] === 1 ? 'delta' : 'base',
    disk: bytes.readUInt32BE(n * ENTRY + 1),
    page: bytes.readUInt32BE(n * ENTRY + 5),
    offset: bytes.readUInt32BE(n * ENTRY + 9),
    length: bytes.readUInt32BE(n * ENTRY + 13),
  }));
}
