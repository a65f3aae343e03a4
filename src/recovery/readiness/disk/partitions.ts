import { crc32 } from 'node:zlib';
import { type DiskBytes, exactly, Unreadable } from '../bytes/disk-bytes.ts';

/** Bytes of a sector: vSphere gives its machines no disks of 4 KiB sectors. */
export const SECTOR = 512;

export interface Partition {
  /** As Linux numbers them. */
  number: number;
  /** Bytes from the beginning of the disk. */
  start: number;
  bytes: number;
  /** Two hex digits in an MBR, a GUID in upper case in a GPT. */
  type: string;
  /** The flag of an MBR that its boot code looks for. */
  active: boolean;
}

export interface PartitionTable {
  kind: 'gpt' | 'mbr' | 'none';
  /** The first sector ends with 55 AA: a BIOS starts no disk without it. */
  signature: boolean;
  /** What is where a BIOS finds its first instructions. */
  code: 'none' | 'grub' | 'other';
  partitions: Partition[];
  /** Why its table, or the rest of it, isn't believed, a clause. */
  damaged?: string;
}

/** Bytes of the first sector that are instructions. Source: UEFI specification 2.10, 5.2.1 (legacy MBR). */
const CODE_BYTES = 440;
const TABLE_AT = 446;
const PROTECTIVE = 0xee;
const EXTENDED = [0x05, 0x0f, 0x85];
/** Logical partitions that are followed; each could name another one for ever. */
const mostLogical = 128;

/** Reads the MBR and, where there is one, the GPT of a disk. Whatever the bytes are, there is an answer. */
export async function readPartitions(disk: DiskBytes): Promise<PartitionTable> {
  const first = await disk.read(0, SECTOR);
  if (first.length < SECTOR) return { kind: 'none', signature: false, code: 'none', partitions: [] };
  const signature = isSigned(first);
  const code = first.subarray(0, CODE_BYTES);
  const about = {
    signature,
    code: code.every(byte => byte === 0) ? 'none' : code.includes('GRUB') ? 'grub' : 'other',
  } as const;
  const primaries = signature ? entriesOf(first) : [];
  // A file system that fills a disk has 55 AA in its first sector, too, and text where a table would be.
  const isTable = primaries.every(({ status }) => status === 0 || status === 0x80);
  if (isTable && primaries.some(({ type }) => type === PROTECTIVE)) return { ...about, ...(await gpt(disk)) };
  if (!isTable || primaries.every(({ type }) => type === 0))
    return { ...about, kind: 'none', partitions: [] };
  const partitions: Partition[] = primaries.flatMap((entry, n) =>
    entry.type === 0 || EXTENDED.includes(entry.type) ? [] : [partitionOf(entry, n + 1, 0)],
  );
  const extended = primaries.find(({ type }) => EXTENDED.includes(type));
  return {
    ...about,
    kind: 'mbr',
    partitions: extended ? [...partitions, ...(await logical(disk, extended.start))] : partitions,
  };
}

const isSigned = (sector: Buffer): boolean => sector.readUInt16LE(SECTOR - 2) === 0xaa55;

interface MbrEntry {
  status: number;
  type: number;
  /** Sectors. */
  start: number;
  count: number;
}

const entriesOf = (sector: Buffer): MbrEntry[] =>
  [0, 1, 2, 3].map(n => {
    const at = TABLE_AT + n * 16;
    return {
      status: sector[at]!,
      type: sector[at + 4]!,
      start: sector.readUInt32LE(at + 8),
      count: sector.readUInt32LE(at + 12),
    };
  });

const partitionOf = ({ status, type, start, count }: MbrEntry, number: number, base: number): Partition => ({
  number,
  start: (base + start) * SECTOR,
  bytes: count * SECTOR,
  type: type.toString(16).padStart(2, '0'),
  active: status === 0x80,
});

/** A chain of sectors like the first; each but the first is counted from where the chain begins. */
async function logical(disk: DiskBytes, base: number): Promise<Partition[]> {
  const found: Partition[] = [];
  for (let at = base; found.length < mostLogical; ) {
    const sector = await disk.read(at * SECTOR, SECTOR);
    if (sector.length < SECTOR || !isSigned(sector)) break;
    const [entry, next] = entriesOf(sector);
    if (entry!.type !== 0) found.push(partitionOf(entry!, 5 + found.length, at));
    // It goes upwards: a chain that doesn't is a circle.
    if (next!.type === 0 || base + next!.start <= at) break;
    at = base + next!.start;
  }
  return found;
}

/** Source: UEFI specification 2.10, 5.3 (GUID partition table). */
async function gpt(disk: DiskBytes): Promise<Pick<PartitionTable, 'kind' | 'partitions' | 'damaged'>> {
  try {
    return { kind: 'gpt', partitions: await gptEntries(disk) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { kind: 'gpt', partitions: [], damaged: error.message };
  }
}

const mostEntries = 1024;

async function gptEntries(disk: DiskBytes): Promise<Partition[]> {
  const header = await exactly(disk, SECTOR, SECTOR);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') throw new Unreadable('its GPT has no header');
  const size = header.readUInt32LE(12);
  if (size < 92 || size > SECTOR)
    throw new Unreadable(`the header of its GPT says that it has ${size} bytes`);
  const checked = Buffer.from(header.subarray(0, size));
  checked.writeUInt32LE(0, 16);
  if (crc32(checked) !== header.readUInt32LE(16))
    throw new Unreadable('the checksum of the header of its GPT is wrong');
  const [count, entryBytes] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  if (count > mostEntries || entryBytes < 128 || entryBytes > 4096)
    throw new Unreadable(`its GPT says that it has ${count} entries of ${entryBytes} bytes`);
  const entries = await exactly(disk, sectors(header.readBigUInt64LE(72)), count * entryBytes);
  if (crc32(entries) !== header.readUInt32LE(88)) throw new Unreadable('the checksum of its GPT is wrong');
  const found: Partition[] = [];
  for (let n = 0; n < count; n++) {
    const entry = entries.subarray(n * entryBytes, (n + 1) * entryBytes);
    const type = guid(entry);
    if (/^[0-]*$/.test(type)) continue;
    const start = sectors(entry.readBigUInt64LE(32));
    const bytes = sectors(entry.readBigUInt64LE(40) + 1n) - start;
    if (bytes > 0) found.push({ number: n + 1, start, bytes, type, active: false });
  }
  return found;
}

/** No disk reaches further than a number holds; a larger one is past the end of any. */
const sectors = (count: bigint): number => Math.min(Number(count), Number.MAX_SAFE_INTEGER / SECTOR) * SECTOR;

/** The first three groups of a GUID are little-endian. */
function guid(bytes: Buffer): string {
  const group = (from: number, to: number, reversed: boolean) => {
    const part = Buffer.from(bytes.subarray(from, to));
    return (reversed ? part.reverse() : part).toString('hex').toUpperCase();
  };
  return [
    group(0, 4, true),
    group(4, 6, true),
    group(6, 8, true),
    group(8, 10, false),
    group(10, 16, false),
  ].join('-');
}

/** Where UEFI looks for something to start. */
export const isEsp = ({ type }: Partition): boolean =>
  type === 'ef' || type === 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
