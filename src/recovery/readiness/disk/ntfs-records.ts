import { type Extent, Unreadable } from '../bytes/disk-bytes.ts';
import { runsIn } from './ntfs-runs.ts';

/** What a file of NTFS is made of, as far as it is looked at. Source: the format's published descriptions. */
export const ATTRIBUTE_LIST = 0x20;
export const DATA = 0x80;
export const INDEX_ROOT = 0x90;
export const INDEX_ALLOCATION = 0xa0;
export const REPARSE_POINT = 0xc0;

/** Sizes that the first sector of a volume says, in bytes. */
export interface Layout {
  cluster: number;
  /** Of the volume. */
  clusters: number;
  record: number;
  /** Of the master file table: where it begins. */
  tableAt: number;
}

/** One attribute, or a piece of one: those of many pieces are in several records. */
export interface Attribute {
  type: number;
  name: string;
  flags: number;
  /** Its content, of a small one. */
  resident?: Buffer;
  /** Of the others: where it lies. */
  runs?: Extent[];
  /** The first of its clusters that this piece tells of. */
  first: number;
  bytes: number;
  /** Up to here it was written; what follows reads as zeros. */
  written: number;
}

export interface FileRecord {
  sequence: number;
  /** Of a piece of another file: that file's number. 0 for a file itself. */
  base: number;
  isDirectory: boolean;
  attributes: Attribute[];
}

/** A reference to a file: its record, and how often that has been used. */
export interface Reference {
  number: number;
  sequence: number;
}

export const referenceAt = (bytes: Buffer, at: number): Reference => ({
  number: bytes.readUIntLE(at, 6),
  sequence: bytes.readUInt16LE(at + 6),
});

/** Bytes that each have a mark of their own at the end, whatever a sector has. */
const MARKED = 512;

/**
 * @param boot the first sector
 * @param bytes of the partition
 * @throws Unreadable when it isn't that of NTFS
 */
export function layoutOf(boot: Buffer, bytes: number): Layout {
  const sector = boot.readUInt16LE(11);
  const perCluster = boot[13]!;
  const cluster = sector * (perCluster > 0x80 ? 2 ** (256 - perCluster) : perCluster);
  const sized = (value: number) => (value < 0 ? 2 ** -value : value * cluster);
  const record = sized(boot.readInt8(64));
  const clusters = Math.floor(Math.min(Number(boot.readBigUInt64LE(40)) * sector, bytes) / cluster);
  const tableAt = Number(boot.readBigUInt64LE(48)) * cluster;
  const isPower = (value: number) => Number.isInteger(Math.log2(value));
  const fits = (value: number, least: number, most: number) =>
    value >= least && value <= most && isPower(value);
  const is =
    boot.toString('latin1', 3, 11) === 'NTFS    ' &&
    fits(sector, 256, 4096) &&
    fits(cluster, 256, 2 ** 21) &&
    fits(record, MARKED, 65_536) &&
    tableAt > 0 &&
    tableAt < clusters * cluster;
  if (!is) throw new Unreadable('its first sector is not that of NTFS');
  return { cluster, clusters, record, tableAt };
}

/**
 * Puts back what a record or a block of an index had at the end of each 512 bytes, where it carries a mark
 * instead: one that was written half has another mark somewhere.
 *
 * @param of what it has to begin with, `FILE` or `INDX`
 * @throws Unreadable
 */
export function mended(bytes: Buffer, of: 'FILE' | 'INDX'): Buffer {
  const [at, count] = [bytes.readUInt16LE(4), bytes.readUInt16LE(6)];
  const isWhole = count === bytes.length / MARKED + 1 && at % 2 === 0 && at + count * 2 <= MARKED - 2;
  if (bytes.toString('latin1', 0, 4) !== of || !isWhole) throw damaged(of);
  const mark = bytes.readUInt16LE(at);
  const whole = Buffer.from(bytes);
  for (let n = 1; n < count; n++) {
    if (bytes.readUInt16LE(n * MARKED - 2) !== mark) throw damaged(of);
    whole.writeUInt16LE(bytes.readUInt16LE(at + n * 2), n * MARKED - 2);
  }
  return whole;
}

/** @throws Unreadable when it isn't one that is in use */
export function recordIn(bytes: Buffer, layout: Layout): FileRecord {
  const whole = mended(bytes, 'FILE');
  const flags = whole.readUInt16LE(22);
  if ((flags & 1) === 0) throw new Unreadable('it names a file that is gone');
  const used = whole.readUInt32LE(24);
  if (used > whole.length) throw damaged('FILE');
  const attributes: Attribute[] = [];
  for (let at = whole.readUInt16LE(20); at + 4 <= used && whole.readUInt32LE(at) !== 0xffff_ffff; ) {
    const length = at + 16 <= used ? whole.readUInt32LE(at + 4) : 0;
    if (length < 24 || at + length > used) throw damaged('FILE');
    const read = attributeIn(whole.subarray(at, at + length), layout);
    if (read) attributes.push(read);
    at += length;
  }
  return {
    sequence: whole.readUInt16LE(16),
    base: referenceAt(whole, 32).number,
    isDirectory: (flags & 2) !== 0,
    attributes,
  };
}

const lookedAt: readonly number[] = [ATTRIBUTE_LIST, DATA, INDEX_ROOT, INDEX_ALLOCATION, REPARSE_POINT];

/** Undefined for one that isn't looked at, whatever is in it. */
function attributeIn(bytes: Buffer, { cluster, clusters }: Layout): Attribute | undefined {
  const type = bytes.readUInt32LE(0);
  if (!lookedAt.includes(type)) return undefined;
  const [named, nameAt] = [bytes[9]!, bytes.readUInt16LE(10)];
  if (nameAt + named * 2 > bytes.length) throw damaged('FILE');
  const name = bytes.toString('utf16le', nameAt, nameAt + named * 2);
  const flags = bytes.readUInt16LE(12);
  if (bytes[8] === 0) {
    const [length, from] = [bytes.readUInt32LE(16), bytes.readUInt16LE(20)];
    if (from + length > bytes.length) throw damaged('FILE');
    const resident = bytes.subarray(from, from + length);
    return { type, name, flags, resident, first: 0, bytes: length, written: length };
  }
  if (bytes.length < 64) throw damaged('FILE');
  const first = Number(bytes.readBigUInt64LE(16));
  const runsAt = bytes.readUInt16LE(32);
  if (runsAt < 64 || runsAt > bytes.length) throw damaged('FILE');
  return {
    type,
    name,
    flags,
    runs: runsIn(bytes.subarray(runsAt), first, cluster, clusters),
    first,
    bytes: Number(bytes.readBigUInt64LE(48)),
    written: Number(bytes.readBigUInt64LE(56)),
  };
}

const damaged = (of: 'FILE' | 'INDX'): Unreadable =>
  new Unreadable(of === 'FILE' ? 'a record of its file table is damaged' : 'a directory of it is damaged');
