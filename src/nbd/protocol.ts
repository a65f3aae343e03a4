/**
 * What goes over the wire of the Network Block Device protocol, as plain values: fixed newstyle negotiation,
 * structured replies, and one metadata context, `base:allocation`. All numbers are big-endian. Names and
 * numbers are those of the protocol's specification (NetworkBlockDevice/nbd, doc/proto.md).
 */

export const greeting = { magic: 0x4e42444d41474943n, option: 0x49484156454f5054n, bytes: 18 } as const;
export const replyMagic = 0x3e889045565a9n;

export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const option = { go: 7, structuredReply: 8, setMetaContext: 10 } as const;

export const optionReply = { ack: 1, info: 3, metaContext: 4, error: 0x80000000 } as const;

/** `NBD_INFO_EXPORT` is the only information that is looked at. */
export const infoExport = 0;

export const command = { read: 0, write: 1, disconnect: 2, flush: 3, blockStatus: 7 } as const;

/** `NBD_CMD_FLAG_FUA`: a write is answered once it is on stable storage. */
export const forced = 1;

/** Of an export: what a client may ask of it. */
export const transmission = { readOnly: 0x2, sendFlush: 0x4, sendFua: 0x8 } as const;

export const chunk = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  /** All types of errors have this bit. */
  error: 0x8000,
} as const;

/** Of the flags of a chunk: no other follows for the request. */
export const lastChunk = 1;

/** Of `base:allocation`: what is read there is zeros. */
export const stateZero = 2;

export const allocation = 'base:allocation';

export const requestMagic = 0x25609513;
export const structuredMagic = 0x668e33ef;
export const simpleMagic = 0x67446698;

export const optionReplyBytes = 20;
export const chunkBytes = 20;
export const simpleBytes = 16;

/** One option of the negotiation. */
export function encodeOption(number: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(greeting.option, 0);
  head.writeUInt32BE(number, 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

/** Data of `NBD_OPT_GO` for the default export, without wishes for information. */
export const goData = (): Buffer => Buffer.alloc(6);

/** Data of `NBD_OPT_SET_META_CONTEXT`: `context` of the default export. */
export function metaContextData(context: string): Buffer {
  const name = Buffer.from(context);
  const data = Buffer.alloc(12);
  data.writeUInt32BE(1, 4);
  data.writeUInt32BE(name.length, 8);
  return Buffer.concat([data, name]);
}

export interface OptionReply {
  option: number;
  type: number;
  /** Bytes of data that follow. */
  length: number;
}

/** The head of an answer to an option; undefined when it isn't one. */
export function decodeOptionReply(head: Buffer): OptionReply | undefined {
  if (head.readBigUInt64BE(0) !== replyMagic) return undefined;
  return { option: head.readUInt32BE(8), type: head.readUInt32BE(12), length: head.readUInt32BE(16) };
}

export interface Request {
  command: number;
  cookie: bigint;
  /** Bytes. */
  offset: number;
  /** Bytes. */
  length: number;
  /** None when left out. */
  flags?: number;
}

export function encodeRequest({ command, cookie, offset, length, flags = 0 }: Request): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(requestMagic, 0);
  head.writeUInt16BE(flags, 4);
  head.writeUInt16BE(command, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeBigUInt64BE(BigInt(offset), 16);
  head.writeUInt32BE(length, 24);
  return head;
}

export interface Chunk {
  last: boolean;
  type: number;
  cookie: bigint;
  /** Bytes of data that follow. */
  length: number;
}

/** The head of one chunk of a structured reply; undefined when it isn't one. */
export function decodeChunk(head: Buffer): Chunk | undefined {
  if (head.readUInt32BE(0) !== structuredMagic) return undefined;
  return {
    last: (head.readUInt16BE(4) & lastChunk) !== 0,
    type: head.readUInt16BE(6),
    cookie: head.readBigUInt64BE(8),
    length: head.readUInt32BE(16),
  };
}

/** A reply without content, which may be given to what asks for none; undefined when it isn't one. */
export function decodeSimple(head: Buffer): { last: true; error: number; cookie: bigint } | undefined {
  if (head.readUInt32BE(0) !== simpleMagic) return undefined;
  return { last: true, error: head.readUInt32BE(4), cookie: head.readBigUInt64BE(8) };
}
