import { open } from 'node:fs/promises';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { GRANULE, pieces, type Range, SECTOR } from './granule.ts';

const CHUNK = 64 * GRANULE;
const ZEROS = Buffer.alloc(CHUNK);

export interface ImageTarget {
  capacity(): number;
  grow(bytes: number): Promise<void>;
  /** Whether nothing was ever written there: it reads as zeros, and need not be read. */
  isUnused(offset: number, length: number): boolean;
  read(offset: number, length: number): Promise<Buffer>;
  write(offset: number, bytes: Buffer): Promise<void>;
}

/**
 * Makes a disk equal to a raw image by writing the granules that differ, and only those; a larger
 * image grows the disk. Resolves to the bytes written. Throws a Failure for an image that is missing,
 * smaller than the disk, or no whole number of sectors; the disk is then as it was.
 */
export async function copyImage(path: string, target: ImageTarget): Promise<number> {
  const size = await imageSize(path);
  if (size < target.capacity()) {
    throw new Failure(
      given(
        'image-smaller',
        `${path} has ${size} bytes, but the disk has ${target.capacity()}: a disk never shrinks`,
      ),
    );
  }
  if (size > target.capacity()) await target.grow(size);
  const file = await open(path, 'r');
  let written = 0;
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, size - at), at);
      if (bytesRead === 0)
        throw new Failure(given('image-changed', `${path} became shorter while it was read`));
      const should = chunk.subarray(0, bytesRead);
      const unused = target.isUnused(at, bytesRead);
      const is = unused ? ZEROS.subarray(0, bytesRead) : await target.read(at, bytesRead);
      for (const range of differing(at, should, is)) {
        await target.write(range.start, should.subarray(range.start - at, range.start - at + range.length));
        written += range.length;
      }
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return written;
}

/** Bytes of a raw image that can be a disk. Throws a Failure when it can't. */
export async function imageSize(path: string): Promise<number> {
  const file = await open(path, 'r').catch(error => {
    throw new Failure(given('image-missing', `the image ${path} can't be opened`), { cause: error });
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Failure(given('image-kind', `${path} is not a regular file`));
    return diskSize(found.size, path);
  } finally {
    await file.close();
  }
}

/** `bytes`, if a virtual disk can have that many. `what` is named in the Failure. */
export function diskSize(bytes: number, what: string): number {
  if (Number.isSafeInteger(bytes) && bytes > 0 && bytes % SECTOR === 0) return bytes;
  throw new Failure(
    given('disk-size', `${what} has ${bytes} bytes, which is not a whole number of ${SECTOR}-byte sectors`),
  );
}

function* differing(offset: number, should: Buffer, is: Buffer): Generator<Range> {
  if (should.equals(is)) return;
  for (const piece of pieces(offset, should.length)) {
    const from = piece.start - offset;
    const to = from + piece.length;
    if (!should.subarray(from, to).equals(is.subarray(from, to))) yield piece;
  }
}
