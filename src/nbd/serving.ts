/** What a server of NBD says and hears, as plain values. Names and numbers are those of doc/proto.md. */
import { greeting, infoExport, replyMagic, requestMagic, simpleMagic, structuredMagic } from './protocol.ts';

/** Options that are answered besides those that the client of this folder asks. */
export const served = { exportName: 1, abort: 2, list: 3, info: 6, listMetaContext: 9 } as const;

export const serverReply = { server: 2, unsupported: 0x80000001, invalid: 0x80000003, unknown: 0x80000006 };

/** The largest piece that is read or written at once, told to clients. Bytes. */
export const largestPiece = 32 * 2 ** 20;

/** `NBD_INFO_BLOCK_SIZE`. */
const infoBlockSize = 3;

/** Has flags, is read-only, and several connections see the same. */
const transmissionFlags = 0x1 | 0x2 | 0x100;

/** Errors of a request, by their numbers. */
export const errno = { EPERM: 1, EIO: 5, EINVAL: 22, EOVERFLOW: 75 } as const;

/** `NBD_CMD_FLAG_REQ_ONE`: one run, and no more, of what is allocated. */
export const onlyOne = 8;

/** Of `base:allocation`: nothing is stored there, and it reads as zeros. */
export const hole = 3;

export function hello(flags: number): Buffer {
  const bytes = Buffer.alloc(greeting.bytes);
  bytes.writeBigUInt64BE(greeting.magic, 0);
  bytes.writeBigUInt64BE(greeting.option, 8);
  bytes.writeUInt16BE(flags, 16);
  return bytes;
}

export function encodeOptionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(replyMagic, 0);
  head.writeUInt32BE(option, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

/** A text with its length before it; undefined where that isn't there. */
export function textAt(data: Buffer, at: number): { text: string; next: number } | undefined {
  if (at + 4 > data.length) return undefined;
  const next = at + 4 + data.readUInt32BE(at);
  return next > data.length ? undefined : { text: data.toString('utf8', at + 4, next), next };
}

export function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function metaContext(id: number, name: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(id);
  return Buffer.concat([head, Buffer.from(name)]);
}

/** `NBD_INFO_EXPORT`. */
export function exportInfo(bytes: number): Buffer {
  const data = Buffer.alloc(12);
  data.writeUInt16BE(infoExport, 0);
  data.writeBigUInt64BE(BigInt(bytes), 2);
  data.writeUInt16BE(transmissionFlags, 10);
  return data;
}

export function blockSizeInfo(preferred: number): Buffer {
  const data = Buffer.alloc(14);
  data.writeUInt16BE(infoBlockSize, 0);
  data.writeUInt32BE(1, 2);
  data.writeUInt32BE(preferred, 6);
  data.writeUInt32BE(largestPiece, 10);
  return data;
}

/** The answer to the oldest way to choose an export. */
export function oldExport(bytes: number, withoutZeroes: boolean): Buffer {
  const data = Buffer.alloc(withoutZeroes ? 10 : 134);
  data.writeBigUInt64BE(BigInt(bytes), 0);
  data.writeUInt16BE(transmissionFlags, 8);
  return data;
}

export interface Asked {
  flags: number;
  command: number;
  cookie: bigint;
  /** Bytes; beyond any disk where it is more than a number holds. */
  offset: number;
  length: number;
}

/** Undefined when what was sent isn't a request. */
export function decodeRequest(head: Buffer): Asked | undefined {
  if (head.readUInt32BE(0) !== requestMagic) return undefined;
  return {
    flags: head.readUInt16BE(4),
    command: head.readUInt16BE(6),
    cookie: head.readBigUInt64BE(8),
    offset: Number(head.readBigUInt64BE(16)),
    length: head.readUInt32BE(24),
  };
}

/** One chunk that is the whole of a structured reply. `data` is in pieces, so that none is copied. */
export function encodeChunk(cookie: bigint, type: number, ...data: Buffer[]): Buffer[] {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(structuredMagic, 0);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeUInt32BE(
    data.reduce((sum, { length }) => sum + length, 0),
    16,
  );
  return [head, ...data];
}

export function encodeSimple(cookie: bigint, error: number, data?: Buffer): Buffer[] {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(simpleMagic, 0);
  head.writeUInt32BE(error, 4);
  head.writeBigUInt64BE(cookie, 8);
  return data ? [head, data] : [head];
}

/** Data of an error's chunk. */
export function errorData(error: number, message: string): Buffer {
  const text = Buffer.from(message).subarray(0, 4096);
  const head = Buffer.alloc(6);
  head.writeUInt32BE(error, 0);
  head.writeUInt16BE(text.length, 4);
  return Buffer.concat([head, text]);
}

export function offsetOf(offset: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

/** Data of a chunk of what is allocated. */
export function runsData(context: number, runs: readonly { length: number; zero: boolean }[]): Buffer {
  const data = Buffer.alloc(4 + runs.length * 8);
  data.writeUInt32BE(context, 0);
  for (const [n, { length, zero }] of runs.entries()) {
    data.writeUInt32BE(length, 4 + n * 8);
    data.writeUInt32BE(zero ? hole : 0, 8 + n * 8);
  }
  return data;
}
