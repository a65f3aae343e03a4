import { type FileHandle, open, rm } from 'node:fs/promises';
import { granulesOf } from './granule.ts';

/**
 * One file of a disk's chain: sparse content at its true offsets, and beside it a map of the granules
 * that it holds. In the base the map says what was ever written; reads of the base need no map.
 */
export interface Layer {
  readonly id: number;
  has(granule: number): boolean;
  /** Exactly `length` bytes; zeros where the file has none. */
  read(offset: number, length: number): Promise<Buffer>;
  write(offset: number, bytes: Buffer): Promise<void>;
  /** Notes in the file, at once, that the granule is held. */
  mark(granule: number): Promise<void>;
  /** Bytes. */
  size(): Promise<number>;
  resize(bytes: number): Promise<void>;
  close(): Promise<void>;
  remove(): Promise<void>;
}

/** Opens (or makes) layer `id` of `size` bytes at `path`, with its map at `path.map`. */
export async function openLayer(path: string, id: number, size: number, fresh: boolean): Promise<Layer> {
  const flags = fresh ? 'w+' : 'r+';
  const file = await open(path, flags, 0o600);
  const mapFile = await open(`${path}.map`, flags, 0o600);
  if (fresh) await file.truncate(size);
  let map = await wholeOf(mapFile, size);
  return {
    id,
    has: granule => ((map[granule >> 3] ?? 0) & (1 << (granule & 7))) !== 0,
    async read(offset, length) {
      const bytes = Buffer.alloc(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes;
    },
    async write(offset, bytes) {
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
    },
    async mark(granule) {
      const index = granule >> 3;
      const bit = 1 << (granule & 7);
      if (map[index]! & bit) return;
      map[index]! |= bit;
      await mapFile.write(map, index, 1, index);
    },
    size: async () => (await file.stat()).size,
    async resize(bytes) {
      await file.truncate(bytes);
      const grown = Buffer.alloc(mapBytes(bytes));
      map.copy(grown);
      map = grown;
    },
    async close() {
      await Promise.all([file.close(), mapFile.close()]);
    },
    async remove() {
      await Promise.all([file.close(), mapFile.close()]);
      await removeLayerFiles(path);
    },
  };
}

async function removeLayerFiles(path: string): Promise<void> {
  await Promise.all([rm(path, { force: true }), rm(`${path}.map`, { force: true })]);
}

const mapBytes = (size: number) => Math.ceil(granulesOf(size) / 8);

async function wholeOf(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(mapBytes(size));
  await file.read(bytes, 0, bytes.length, 0);
  return bytes;
}
