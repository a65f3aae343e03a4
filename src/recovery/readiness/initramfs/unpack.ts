import { Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type DiskBytes, Unreadable } from '../bytes/disk-bytes.ts';
import { LZ4_LEGACY, unpackLz4 } from './lz4.ts';

export type Packing = 'none' | 'gzip' | 'zstd' | 'lz4' | 'xz' | 'lzma' | 'bzip2' | 'unknown';

/** How bytes are packed, by what they begin with. Source: the kernel's lib/decompress.c, init/initramfs.c. */
export function packingOf(head: Buffer): Packing {
  const text = head.toString('latin1', 0, 6);
  if (/^07070[12]/.test(text)) return 'none';
  if (text.startsWith('\x1f\x8b')) return 'gzip';
  if (text.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
  if (head.length >= 4 && head.readUInt32LE(0) === LZ4_LEGACY) return 'lz4';
  if (text.startsWith('\xfd7zXZ\0')) return 'xz';
  if (text.startsWith('\x5d\0\0')) return 'lzma';
  return text.startsWith('BZh') ? 'bzip2' : 'unknown';
}

/** Bytes that are read of a file at a time. */
const CHUNK = 2 ** 20;

async function* chunksOf(file: DiskBytes, from: number): AsyncGenerator<Buffer> {
  for (let at = from; at < file.bytes; at += CHUNK) {
    const chunk = await file.read(at, CHUNK);
    if (chunk.length === 0) throw new Unreadable('it ends before its end');
    yield chunk;
  }
}

/**
 * What a file holds from a place on, unpacked, as far as it is asked for.
 *
 * @throws Unreadable for what is packed in a way that isn't known here, and when it is damaged
 */
export async function* unpacked(file: DiskBytes, from: number, packing: Packing): AsyncGenerator<Buffer> {
  switch (packing) {
    case 'none':
      return yield* chunksOf(file, from);
    case 'gzip':
      return yield* through(file, from, createGunzip(), packing);
    case 'zstd':
      return yield* through(file, from, createZstdDecompress(), packing);
    case 'lz4':
      return yield* unpackLz4(chunksOf(file, from));
    default:
      throw new Unreadable(
        packing === 'unknown'
          ? 'it is packed in a way that is not known here'
          : `it is packed with ${packing}, which isn't read here`,
      );
  }
}

async function* through(
  file: DiskBytes,
  from: number,
  transform: Transform,
  packing: Packing,
): AsyncGenerator<Buffer> {
  const source = Readable.from(chunksOf(file, from));
  // What the disk's reader says is its own error, not one of the packing.
  let failed: unknown;
  source.on('error', error => {
    failed = error;
    transform.destroy(error);
  });
  source.pipe(transform);
  try {
    yield* transform as AsyncIterable<Buffer>;
  } catch (error) {
    if (failed !== undefined) throw failed;
    if (!(error instanceof Error) || !('errno' in error)) throw error;
    throw new Unreadable(`it is packed with ${packing}, and damaged: ${error.message}`);
  } finally {
    source.destroy();
    transform.destroy();
  }
}
