import { createHash } from 'node:crypto';
import type { FileHandle } from './ports.ts';

/** Bytes that are held at once. */
const largest = 256 * 1024;

/**
 * The bytes of an open file, in order and in pieces of bounded size. Closes it, also when reading stops
 * early.
 */
export async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  try {
    const { size } = await file.stat();
    const room = Math.min(largest, size + 1);
    for (let at = 0; ; ) {
      const piece = Buffer.allocUnsafe(room);
      const length = await file.read(piece, at);
      if (length > 0) yield piece.subarray(0, length);
      // Only where a file ends it gives less than it is asked for.
      if (length < room) return;
      at += length;
    }
  } finally {
    await file.close();
  }
}

/** The digest of an open file's bytes, in hex. Closes it. */
export async function digestOf(file: FileHandle, algorithm: 'sha256' | 'md5' = 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of piecesOf(file)) hash.update(piece);
  return hash.digest('hex');
}
