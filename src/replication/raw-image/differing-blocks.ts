import type { FileHandle } from '../../io/ports.ts';
import { blockLength, ID_BYTES, isZero } from '../format/blocks.ts';
import type { PointDisk } from '../model/point.ts';
import type { DiskMap, Repository } from '../model/repository.ts';

/** Bytes read from a file at a time while it is compared. */
const readSize = 1 << 20;

/**
 * Blocks whose ids differ between two points of a disk, ascending; of pages with one name nothing is
 * loaded. A block that the old map doesn't have counts as zeros: the file was extended with them.
 * Both maps must have the same block size and page length.
 */
export async function* blocksThatChanged(
  old: DiskMap,
  now: DiskMap,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  for (let page = 0; page < now.pages; page++) {
    if (page < old.pages && old.pageName(page) === now.pageName(page)) continue;
    const [before, after] = await Promise.all([
      page < old.pages ? old.page(page, signal) : Buffer.alloc(0),
      now.page(page, signal),
    ]);
    const padded = Buffer.alloc(Math.max(before.length, after.length));
    before.copy(padded);
    for (let at = 0; at < after.length; at += ID_BYTES)
      if (after.compare(padded, at, at + ID_BYTES, at, at + ID_BYTES) !== 0)
        yield page * now.pageBlocks + at / ID_BYTES;
  }
}

/** Blocks that `file`, of the disk's size by now, doesn't hold as the map has them; every byte is read. */
export async function* blocksThatDiffer(
  file: Pick<FileHandle, 'read'>,
  disk: PointDisk,
  map: DiskMap,
  repository: Pick<Repository, 'blockId'>,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  const { blockSize } = disk;
  const atOnce = Math.max(1, Math.floor(readSize / blockSize));
  for (let page = 0; page < map.pages; page++) {
    const ids = await map.page(page, signal);
    const first = page * map.pageBlocks;
    const end = first + ids.length / ID_BYTES;
    for (let block = first; block < end; block += atOnce) {
      signal?.throwIfAborted();
      const count = Math.min(atOnce, end - block);
      const chunk = await readFully(
        file,
        block * blockSize,
        Math.min(count * blockSize, disk.bytes - block * blockSize),
      );
      for (let i = 0; i < count; i++) {
        const bytes = chunk.subarray(i * blockSize, i * blockSize + blockLength(disk, block + i));
        const id = ids.subarray((block + i - first) * ID_BYTES, (block + i - first + 1) * ID_BYTES);
        // An empty stretch of a sparse file costs no hash.
        if (isZero(id) ? !isZero(bytes) : !repository.blockId(bytes).equals(id)) yield block + i;
      }
    }
  }
}

/** `length` bytes; what the file doesn't have is zeros and so differs where it matters. */
async function readFully(file: Pick<FileHandle, 'read'>, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const read = await file.read(bytes.subarray(done), offset + done);
    if (read === 0) break;
    done += read;
  }
  return bytes;
}
