import { dirname } from 'node:path';
import { letsOthersSwap, whyNotOwn } from '../../io/handles/owner.ts';
import type { FileHandle, FileStat, Files } from '../../io/ports.ts';
import { blockLength, ID_BYTES } from '../format/blocks.ts';
import type { PointDisk } from '../model/point.ts';
import type { DiskReader, Repository } from '../model/repository.ts';

/** Blocks of a disk that have still to be written. */
export interface Missing {
  /** Ascending. */
  blocks(): Iterable<number>;
  /** Bytes of the blocks that are there already and aren't zero. */
  there: number;
  /** Nothing is missing. */
  none: boolean;
}

/** Bytes that are read back at a time. */
const READ = 2 ** 20;

/**
 * Opens what an earlier restore left at `path`; undefined when there is nothing that could be gone on with. A
 * file that others can read, write or put in place isn't.
 */
export async function openOwn(files: Files, path: string, mode: 'r' | 'r+'): Promise<FileHandle | undefined> {
  const folder = await files.stat(dirname(path));
  if (!folder || letsOthersSwap(folder) || !isOwn(await files.stat(path))) return undefined;
  const file = await files.open(path, mode);
  if (file && isOwn(await file.stat())) return file;
  await file?.close();
  return undefined;
}

const isOwn = (stat: FileStat | undefined): boolean =>
  stat?.kind === 'file' && whyNotOwn(stat) === undefined && (stat.mode & 0o077) === 0;

/**
 * Reads a file back and compares each block with the id that the point has of it: nothing is believed that
 * isn't proven, whatever was written last when the power went.
 */
export async function missingIn(
  file: FileHandle,
  disk: PointDisk,
  reader: DiskReader,
  blockId: Repository['blockId'],
  signal?: AbortSignal,
): Promise<Missing> {
  const { map } = reader;
  const bits = new Uint8Array(Math.ceil(map.blocks / 8));
  let there = 0;
  let none = true;
  const most = Math.max(1, Math.floor(READ / disk.blockSize));
  const buffer = Buffer.alloc(most * disk.blockSize);
  for (let page = 0; page < map.pages; page++) {
    const ids = await map.page(page, signal);
    const first = page * map.pageBlocks;
    const end = Math.min(first + map.pageBlocks, map.blocks);
    for (let at = first; at < end; at += most) {
      signal?.throwIfAborted();
      const last = Math.min(at + most, end);
      const length = (last - 1 - at) * disk.blockSize + blockLength(disk, last - 1);
      const got = await readFully(file, buffer.subarray(0, length), at * disk.blockSize);
      for (let block = at; block < last; block++) {
        const from = (block - at) * disk.blockSize;
        const to = from + blockLength(disk, block);
        const id = blockId(buffer.subarray(from, to));
        const wanted = (block - first) * ID_BYTES;
        if (to <= got && ids.compare(id, 0, ID_BYTES, wanted, wanted + ID_BYTES) === 0) {
          if (id.some(byte => byte !== 0)) there += to - from;
        } else {
          bits[block >> 3]! |= 1 << (block & 7);
          none = false;
        }
      }
    }
  }
  return { blocks: () => setBits(bits), there, none };
}

function* setBits(bits: Uint8Array): Generator<number> {
  for (const [at, byte] of bits.entries())
    if (byte !== 0) for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) yield at * 8 + bit;
}

async function readFully(file: FileHandle, into: Buffer, offset: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const length = await file.read(into.subarray(done), offset + done);
    if (length === 0) break;
    done += length;
  }
  return done;
}
