import { createHmac, type KeyObject } from 'node:crypto';
import { sha256Bytes } from '../../values/digest.ts';
import type { BlockId } from '../model/repository.ts';

export const MIN_BLOCK = 64 * 1024;
export const MAX_BLOCK = 512 * 1024;
/** Blocks per page of a disk's map. */
export const PAGE_BLOCKS = 4096;
export const ID_BYTES = 32;
/** The id of every block that holds zeros only; such blocks are never stored. */
export const ZERO_ID: BlockId = Buffer.alloc(ID_BYTES);

/**
 * Bytes per block for a disk that is seen for the first time: 64 KiB while that gives at most 2^20
 * blocks (64 GiB), then doubling with the capacity, never more than 512 KiB. All sizes divide the
 * 512 KiB of an EBS block. A disk keeps its block size when it grows: a resync then still finds
 * the blocks that are already stored.
 */
export function blockSizeFor(capacity: number): number {
  let size = MIN_BLOCK;
  while (size < MAX_BLOCK && capacity > size * 2 ** 20) size *= 2;
  return size;
}

export const blockCount = (bytes: number, blockSize: number) => Math.ceil(bytes / blockSize);
export const pageCount = (blocks: number) => Math.ceil(blocks / PAGE_BLOCKS);

/** Length of one block in bytes; only the last one may be shorter than `blockSize`. */
export const blockLength = (disk: { bytes: number; blockSize: number }, block: number) =>
  Math.min(disk.blockSize, disk.bytes - block * disk.blockSize);

const ZEROS = Buffer.alloc(MIN_BLOCK);
export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const slice = bytes.subarray(at, at + ZEROS.length);
    if (slice.compare(ZEROS, 0, slice.length) !== 0) return false;
  }
  return true;
}

/** Block id of bytes that aren't all zero. With an id key an outsider can't confirm contents. */
export const blockIdOf = (plaintext: Buffer, idKey: KeyObject | undefined): BlockId =>
  idKey
    ? Buffer.from(createHmac('sha256', idKey).update(plaintext).digest('binary'), 'latin1')
    : sha256Bytes(plaintext);
