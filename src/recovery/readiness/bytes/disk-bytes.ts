/** Bytes of a disk, a partition or a file, read where they are needed. */
export interface DiskBytes {
  readonly bytes: number;
  /** What is there of `length` bytes from `offset` on: fewer at the end only. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** What is on a disk isn't what it says it is, or is more than is looked at. The message is a clause. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

/** Part of a disk as a disk of its own; cut where the disk ends. */
export function within(disk: DiskBytes, start: number, length: number): DiskBytes {
  const bytes = Math.max(0, Math.min(length, disk.bytes - start));
  return {
    bytes,
    read: async (offset, wanted) => {
      const most = Math.min(wanted, bytes - offset);
      return most > 0 ? disk.read(start + offset, most) : Buffer.alloc(0);
    },
  };
}

/** Exactly `length` bytes. @throws Unreadable when there are fewer */
export async function exactly(disk: DiskBytes, offset: number, length: number): Promise<Buffer> {
  const found = await disk.read(offset, length);
  if (found.length === length) return found;
  throw new Unreadable(`it ends before byte ${offset + length}`);
}

/** Bytes in memory. */
export const inMemory = (content: Buffer): DiskBytes => ({
  bytes: content.length,
  read: async (offset, length) => content.subarray(offset, offset + length),
});

/** A run of bytes of a file; without `at` it reads as zeros. */
export interface Extent {
  /** In the file. */
  offset: number;
  length: number;
  /** On the disk. */
  at?: number;
}

/** A file in pieces; `extents` by ascending offset, and what they don't cover is zeros. */
export function ofExtents(disk: DiskBytes, extents: readonly Extent[], bytes: number): DiskBytes {
  return {
    bytes,
    async read(offset, length) {
      const end = Math.min(bytes, offset + length);
      if (end <= offset) return Buffer.alloc(0);
      const content = Buffer.alloc(end - offset);
      for (const one of extents) {
        const from = Math.max(offset, one.offset);
        const to = Math.min(end, one.offset + one.length);
        if (from >= to || one.at === undefined) continue;
        (await disk.read(one.at + from - one.offset, to - from)).copy(content, from - offset);
      }
      return content;
    },
  };
}

/** A file system as far as it is looked at: paths are relative to its root, with `/` between names. */
export interface FileSystem {
  /** Undefined when there is no such directory. */
  list(path: string): Promise<Entry[] | undefined>;
  /** Undefined when there is no such file. */
  open(path: string): Promise<DiskBytes | undefined>;
}

export interface Entry {
  name: string;
  kind: 'file' | 'directory' | 'link' | 'other';
}

/** All of a small file as text. @throws Unreadable when it has more than `most` bytes */
export async function textOf(file: DiskBytes, most: number): Promise<string> {
  if (file.bytes > most) throw new Unreadable(`it has ${file.bytes} bytes`);
  return (await exactly(file, 0, file.bytes)).toString('utf8');
}
