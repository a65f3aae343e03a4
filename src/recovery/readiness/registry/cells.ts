import { type DiskBytes, exactly, Unreadable } from '../bytes/disk-bytes.ts';

/** What a hive is made of, as far as it is looked at. Source: the format's published descriptions. */
export interface KeyCell {
  name: string;
  /** How many keys are below it, and where their list is. */
  keys: number;
  keysAt: number;
  values: number;
  valuesAt: number;
}

export interface ValueCell {
  name: string;
  type: number;
  /** Of up to four bytes: themselves. */
  inline?: Buffer;
  bytes: number;
  at: number;
}

export interface Cells {
  /** A cell that is in use, by its place. */
  read(at: number): Promise<Buffer>;
  /** What a value holds, as text. */
  data(value: ValueCell): Promise<string>;
}

/** Bytes of one cell. What holds more is in pieces, and nothing that is looked for is. */
const mostBytes = 2 ** 18;
/** Cells that are read of one hive: each list could lead anywhere, and lists to lists. */
const mostCells = 50_000;
/** Bytes of a value that are shown or judged. */
const mostData = 16_344;

const KEY_NAME_AT = 76;
const VALUE_NAME_AT = 20;
/** Of a key: its name has one byte a letter. */
const PLAIN_KEY = 0x20;
/** Of a value, the same. */
const PLAIN_VALUE = 1;
/** Of a length: the bytes are where their place would be. */
const INLINE = 0x8000_0000;

/** @param bins what follows the header */
export function cellsOf(bins: DiskBytes): Cells {
  let count = 0;
  const read = async (at: number): Promise<Buffer> => {
    if (++count > mostCells) throw new Unreadable(`more than ${mostCells} cells of it would be read`);
    if (at % 8 !== 0 || at + 8 > bins.bytes) throw damaged();
    const size = -(await exactly(bins, at, 4)).readInt32LE(0);
    // One that isn't negative is free.
    if (size < 8 || size > mostBytes || at + size > bins.bytes) throw damaged();
    return exactly(bins, at + 4, size - 4);
  };
  return {
    read,
    async data({ inline, bytes, at, type }) {
      if (inline) return textOf(type, inline);
      if (bytes > mostData) throw new Unreadable(`a value of it has ${bytes} bytes`);
      const cell = await read(at);
      if (bytes > cell.length) throw damaged();
      return textOf(type, cell.subarray(0, bytes));
    },
  };
}

/** @throws Unreadable when it is another cell */
export function keyIn(cell: Buffer): KeyCell {
  if (cell.length < KEY_NAME_AT || cell.toString('latin1', 0, 2) !== 'nk') throw damaged();
  const length = cell.readUInt16LE(72);
  if (KEY_NAME_AT + length > cell.length) throw damaged();
  const isPlain = (cell.readUInt16LE(2) & PLAIN_KEY) !== 0;
  return {
    name: cell.toString(isPlain ? 'latin1' : 'utf16le', KEY_NAME_AT, KEY_NAME_AT + length),
    keys: cell.readUInt32LE(20),
    keysAt: cell.readUInt32LE(28),
    values: cell.readUInt32LE(36),
    valuesAt: cell.readUInt32LE(40),
  };
}

/** @throws Unreadable when it is another cell */
export function valueIn(cell: Buffer): ValueCell {
  if (cell.length < VALUE_NAME_AT || cell.toString('latin1', 0, 2) !== 'vk') throw damaged();
  const [length, said] = [cell.readUInt16LE(2), cell.readUInt32LE(4)];
  if (VALUE_NAME_AT + length > cell.length) throw damaged();
  const isPlain = (cell.readUInt16LE(16) & PLAIN_VALUE) !== 0;
  const isInline = said >= INLINE;
  const bytes = isInline ? said - INLINE : said;
  if (isInline && bytes > 4) throw damaged();
  return {
    name: cell.toString(isPlain ? 'latin1' : 'utf16le', VALUE_NAME_AT, VALUE_NAME_AT + length),
    type: cell.readUInt32LE(12),
    ...(isInline && { inline: cell.subarray(8, 8 + bytes) }),
    bytes,
    at: cell.readUInt32LE(8),
  };
}

const [TEXT, EXPANDED, NUMBER, LIST, LARGE] = [1, 2, 4, 7, 11];

function textOf(type: number, bytes: Buffer): string {
  if (type === TEXT || type === EXPANDED) return bytes.toString('utf16le').replace(/\0.*$/s, '');
  if (type === LIST) return bytes.toString('utf16le').split('\0').filter(Boolean).join(' ');
  if (type === NUMBER && bytes.length === 4) return String(bytes.readUInt32LE(0));
  if (type === LARGE && bytes.length === 8) return String(bytes.readBigUInt64LE(0));
  return bytes.toString('hex').toUpperCase();
}

const damaged = (): Unreadable => new Unreadable('a cell of it is damaged');
