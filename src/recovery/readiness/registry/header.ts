import { type DiskBytes, exactly, Unreadable } from '../bytes/disk-bytes.ts';

/** Where its checksum is: of all bytes before it, by XOR of four at a time. */
const CHECKSUM_AT = 508;

/** The first 512 bytes of a hive, or of a log of one. */
export interface HiveHeader {
  bytes: Buffer;
  /** Whether its checksum is. */
  isRight: boolean;
  /** Counted on before, and after the hive is written: the same when it is whole. */
  first: number;
  second: number;
}

/** @throws Unreadable */
export async function headerOf(file: DiskBytes): Promise<HiveHeader> {
  const bytes = await exactly(file, 0, 512);
  if (bytes.toString('latin1', 0, 4) !== 'regf') throw new Unreadable('it is not a hive of the registry');
  return {
    bytes,
    isRight: bytes.readUInt32LE(CHECKSUM_AT) === checksumOf(bytes),
    first: bytes.readUInt32LE(4),
    second: bytes.readUInt32LE(8),
  };
}

export function checksumOf(header: Buffer): number {
  let all = 0;
  for (let at = 0; at < CHECKSUM_AT; at += 4) all ^= header.readUInt32LE(at);
  // Neither of these is ever written, so zeros are not a checksum.
  return all === -1 ? 0xffff_fffe : all === 0 ? 1 : all >>> 0;
}
