import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

/** Room for all blocks of a small disk; where that is too little a pack's maker says so. More costs time. */
const ROOM = 2 ** 19;

const MARK = Buffer.from('one byte, many times');

const isOneByte = (bytes: Buffer): boolean =>
  bytes.length > 1 && bytes.compare(bytes, 0, bytes.length - 1, 1) === 0;

/** What is one byte many times becomes short; all else is no shorter, and so is stored as it is. */
function compress(bytes: Buffer): Buffer {
  if (!isOneByte(bytes)) return bytes;
  const packed = Buffer.alloc(MARK.length + 5);
  MARK.copy(packed);
  packed[MARK.length] = bytes[0]!;
  packed.writeUInt32BE(bytes.length, MARK.length + 1);
  return packed;
}

const plain = new Map<string, Buffer>();

/** The same each time: nobody writes to what was read. */
function decompress(packed: Buffer): Buffer {
  const [length, value] = [packed.readUInt32BE(MARK.length + 1), packed[MARK.length]!];
  const name = `${length} ${value}`;
  const known = plain.get(name) ?? Buffer.alloc(length, value);
  plain.set(name, known);
  return known;
}

/** Shorter than a block: not worth looking up. */
const LARGE = 4096;
const digests = new Map<string, unknown>();

/** A checksum in the form of a digest: nobody forges anything in a history, and altered bytes are told. */
function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.allocUnsafe(32).fill(0);
  sum.writeUInt32BE(zlib.crc32(bytes));
  sum.writeUInt32BE(bytes.length, 4);
  return sum;
}

/** What all streams of a kind have behind them, as src/values/zstd-context.ts knows it. */
const insideOf = (stream: object): { writeSync: unknown } =>
  Object.getPrototypeOf((stream as { _handle: object })._handle);

/**
 * Runs `work` with stand-ins for zstd, and for digests of what is short, that cost next to nothing, with
 * digests of blocks that are one byte many times remembered, with smaller buffers for packs, and without
 * stack traces: histories make thousands of objects and errors.
 */
export async function withCheapWork<T>(work: () => Promise<T>): Promise<T> {
  const { zstdCompressSync, zstdDecompressSync } = zlib;
  const contexts = [insideOf(zlib.createZstdCompress()), insideOf(zlib.createZstdDecompress())];
  const ways = contexts.map(({ writeSync }) => writeSync);
  const { stackTraceLimit } = Error;
  const { hash } = crypto;
  const { allocUnsafeSlow } = Buffer;
  const remembered = (algorithm: string, bytes: Buffer, encoding: 'binary') => {
    if (bytes.length < LARGE && encoding === 'binary') return checksum(bytes).toString('latin1');
    if (bytes.length < LARGE || !isOneByte(bytes)) return hash(algorithm, bytes, encoding);
    const name = `${algorithm} ${bytes.length} ${bytes[0]} ${encoding}`;
    const known = digests.get(name) ?? hash(algorithm, bytes, encoding);
    digests.set(name, known);
    return known;
  };
  Object.assign(crypto, { hash: remembered });
  Object.assign(Buffer, { allocUnsafeSlow: (size: number) => allocUnsafeSlow(Math.min(size, ROOM)) });
  // A context that is there already is no way: then the functions are asked.
  for (const one of contexts) one.writeSync = undefined;
  Object.assign(zlib, { zstdCompressSync: compress, zstdDecompressSync: decompress });
  syncBuiltinESMExports();
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Object.assign(crypto, { hash });
    Object.assign(Buffer, { allocUnsafeSlow });
    for (const [n, one] of contexts.entries()) one.writeSync = ways[n];
    Object.assign(zlib, { zstdCompressSync, zstdDecompressSync });
    syncBuiltinESMExports();
    Error.stackTraceLimit = stackTraceLimit;
  }
}
