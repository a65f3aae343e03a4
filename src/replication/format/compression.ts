import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type InContext, inContext } from '../../values/zstd-context.ts';
import { MAX_BLOCK, MIN_BLOCK } from './blocks.ts';

/** First byte of every section's payload. */
export const RAW = 0;
export const ZSTD = 1;

/** A frame that saves less than this share isn't worth its decompression. */
const WORTH = 0.95;
/** Bytes from which on they are judged before they are compressed. */
const JUDGED = 32 * 1024;
/** Spots that are looked at, and bytes of each. */
const SPOTS = 8;
const SPOT = 256;
/**
 * Chi-square of 2,048 random bytes is 255, give or take 23; where frequencies alone save 5 % it is some
 * 1,400.
 */
const RANDOM = 400;

const counts = new Uint16Array(256);

/**
 * Whether bytes look like what is compressed or encrypted already: each value about as often as any other.
 * The spots are unevenly apart, so that what repeats at a power of two isn't met at the same place of
 * it.
 */
function looksRandom(bytes: Buffer): boolean {
  counts.fill(0);
  const stride = Math.floor((bytes.length - SPOT) / SPOTS);
  for (let spot = 0; spot < SPOTS; spot++) {
    const from = spot * stride + ((spot * 739) % stride);
    for (let at = from; at < from + SPOT; at++) counts[bytes[at]!]!++;
  }
  let squares = 0;
  for (const count of counts) squares += count * count;
  const all = SPOTS * SPOT;
  return (squares * 256) / all - all < RANDOM;
}

/**
 * zstd where it saves at least 5 %, else the bytes themselves. Bytes of 32 KiB and more are judged first.
 * Synchronous on purpose: on 64 KiB blocks several asynchronous compressions in flight are slower than one
 * synchronous thread (305 against 406 MB/s measured). What it answers with is there until it is asked again.
 */
export function compress(bytes: Buffer, level: number): { encoding: number; bytes: Buffer } {
  if (bytes.length >= JUDGED && looksRandom(bytes)) return { encoding: RAW, bytes };
  const packed = again(bytes, level) ?? anew(bytes, level);
  return packed.length <= bytes.length * WORTH ? { encoding: ZSTD, bytes: packed } : { encoding: RAW, bytes };
}

const paramsOf = (level: number) => ({
  [constants.ZSTD_c_compressionLevel]: level,
  [constants.ZSTD_c_checksumFlag]: 1,
});

const contexts = new Map<number, InContext>();
/** More than zstd takes for a block that doesn't compress. */
const ROOM = 2 * MAX_BLOCK;
let room: Buffer | undefined;

/** The frame of what isn't longer than a block, in a context and a room of which there is one. */
function again(bytes: Buffer, level: number): Buffer | undefined {
  if (bytes.length > MAX_BLOCK) return undefined;
  const run = contexts.get(level) ?? proven(level);
  contexts.set(level, run);
  room ??= Buffer.allocUnsafeSlow(ROOM);
  const length = run(bytes, room);
  return length === undefined ? undefined : room.subarray(0, length);
}

/** What is inside of another Node may look the same and do something else: then it isn't gone that way. */
function proven(level: number): InContext {
  const run = inContext(constants.ZSTD_e_end, () => createZstdCompress({ params: paramsOf(level) }));
  const sample = Buffer.alloc(MIN_BLOCK, 'a sample of what a disk may hold');
  const into = Buffer.alloc(ROOM);
  return anew(sample, level).equals(into.subarray(0, run(sample, into))) ? run : () => undefined;
}

/** zstd is told the size, so that its tables aren't larger than they need to be, and gives all at once. */
const anew = (bytes: Buffer, level: number): Buffer =>
  zstdCompressSync(bytes, {
    params: paramsOf(level),
    pledgedSrcSize: bytes.length,
    chunkSize: Math.max(bytes.length, SMALLEST_CHUNK),
  });

/** What zlib takes at least for `chunkSize`. */
const SMALLEST_CHUNK = 64;
/** Room for what comes out of a frame at first: several times what went in, and a whole block of a disk. */
const roomFor = (bytes: Buffer): number => Math.max(4 * bytes.length, MIN_BLOCK);

/** Throws when the bytes are not a whole frame, or would grow beyond `cap` bytes. */
export function decompress(encoding: number, bytes: Buffer, cap: number): Buffer {
  if (encoding !== RAW && encoding !== ZSTD) throw new Error(`unknown encoding ${encoding}`);
  // One byte more than can come: what fills its room to the last byte would be asked for more.
  const chunkSize = Math.max(SMALLEST_CHUNK, Math.min(cap, roomFor(bytes)) + 1);
  const plain = encoding === ZSTD ? zstdDecompressSync(bytes, { maxOutputLength: cap, chunkSize }) : bytes;
  if (plain.length > cap) throw new Error(`longer than ${cap} bytes`);
  return plain;
}
