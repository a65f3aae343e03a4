import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
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
  const run = contexts.get(level) ?? compressing(level);
  contexts.set(level, run);
  room ??= Buffer.allocUnsafeSlow(ROOM);
  const length = run(bytes, room);
  return length === undefined ? undefined : room.subarray(0, length);
}

const SAMPLE = Buffer.alloc(MIN_BLOCK, 'a sample of what a disk may hold');

const compressing = (level: number): InContext =>
  proven(
    inContext(constants.ZSTD_e_end, () => createZstdCompress({ params: paramsOf(level) })),
    SAMPLE,
    anew(SAMPLE, level),
  );

/** What is inside of another Node may look the same and do something else: then it isn't gone that way. */
function proven(run: InContext, from: Buffer, to: Buffer): InContext {
  const into = Buffer.alloc(ROOM);
  return to.equals(into.subarray(0, run(from, into))) ? run : () => undefined;
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

/**
 * Throws when the bytes are not a whole frame, or would grow beyond `cap` bytes. `into`: what is compressed
 * may be put to its beginning, where that has more bytes than come; of what throws anything may be there.
 */
export function decompress(encoding: number, bytes: Buffer, cap: number, into?: Buffer): Buffer {
  if (encoding !== RAW && encoding !== ZSTD) throw new Error(`unknown encoding ${encoding}`);
  const plain = encoding === RAW ? bytes : ((into && unpackInto(bytes, cap, into)) ?? unpack(bytes, cap));
  if (plain.length > cap) throw new Error(`longer than ${cap} bytes`);
  return plain;
}

function unpack(bytes: Buffer, cap: number): Buffer {
  // One byte more than can come: what fills its room to the last byte would be asked for more.
  const chunkSize = Math.max(SMALLEST_CHUNK, Math.min(cap, roomFor(bytes)) + 1);
  return zstdDecompressSync(bytes, { maxOutputLength: cap, chunkSize });
}

let unpacking: InContext | undefined;

/** Undefined where that doesn't go; why, the other way tells. */
function unpackInto(bytes: Buffer, cap: number, into: Buffer): Buffer | undefined {
  const length = claimedLength(bytes);
  if (length === undefined || length > cap || length >= into.length) return undefined;
  unpacking ??= proven(
    inContext(constants.ZSTD_e_continue, () => createZstdDecompress()),
    anew(SAMPLE, 1),
    SAMPLE,
  );
  const found = unpacking(bytes, into.subarray(0, length + 1), length);
  return found === undefined ? undefined : into.subarray(0, found);
}

const MAGIC = 0xfd2fb528;

const BLOCK_HEADER = 3;
const ONE_BYTE_MANY_TIMES = 1;

/**
 * Bytes that a frame says are in it, where it is whole and nothing follows: RFC 8878, 3.1.1. Undefined where
 * it doesn't say so, where they are more than a block has, and of what isn't a frame of ours.
 */
function claimedLength(frame: Buffer): number | undefined {
  if (frame.length < 10 || frame.readUInt32LE(0) !== MAGIC) return undefined;
  const descriptor = frame[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasDictionary = (descriptor & 3) !== 0;
  const size = descriptor >> 6;
  if (hasDictionary || size === 3 || (size === 0 && !isSingleSegment)) return undefined;
  let at = isSingleSegment ? 5 : 6;
  const length = frame.readUIntLE(at, 1 << size) + (size === 1 ? 256 : 0);
  at += 1 << size;
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEADER > frame.length) return undefined;
    const header = frame.readUIntLE(at, BLOCK_HEADER);
    isLast = (header & 1) === 1;
    at += BLOCK_HEADER + (((header >> 1) & 3) === ONE_BYTE_MANY_TIMES ? 1 : header >> 3);
  }
  const hasChecksum = (descriptor & 4) !== 0;
  return at + (hasChecksum ? 4 : 0) === frame.length ? length : undefined;
}
