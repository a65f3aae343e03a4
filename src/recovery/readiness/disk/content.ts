import type { DiskBytes } from '../bytes/disk-bytes.ts';

/** What the first bytes of a partition, or of a whole disk, say that it holds. */
export type Content =
  | 'bitlocker'
  | 'luks'
  | 'lvm'
  | 'raid'
  | 'ntfs'
  | 'fat'
  | 'ext'
  | 'xfs'
  | 'btrfs'
  | 'swap'
  | 'zeros'
  | 'unknown';

/** Bytes that are looked at: the furthest mark is that of btrfs. */
const LOOKED_AT = 0x10048;

/** What marks each, and where. Sources: the formats' own descriptions, and libblkid's list of them. */
const marks: readonly [Content, at: number, mark: string][] = [
  ['bitlocker', 3, '-FVE-FS-'],
  ['luks', 0, 'LUKS\xba\xbe'],
  ['raid', 4096, '\xfc\x4e\x2b\xa9'],
  ['ntfs', 3, 'NTFS    '],
  ['xfs', 0, 'XFSB'],
  ['btrfs', 0x10040, '_BHRfS_M'],
  ['ext', 1080, '\x53\xef'],
  ['swap', 4086, 'SWAPSPACE2'],
  ['fat', 54, 'FAT1'],
  ['fat', 82, 'FAT32   '],
];

export async function contentOf(part: DiskBytes): Promise<Content> {
  const bytes = await part.read(0, LOOKED_AT);
  const has = (at: number, mark: string) => bytes.toString('latin1', at, at + mark.length) === mark;
  // The label of LVM is in any of the first four sectors.
  if ([0, 512, 1024, 1536].some(at => has(at, 'LABELONE') && has(at + 24, 'LVM2 001'))) return 'lvm';
  const found = marks.find(([, at, mark]) => has(at, mark))?.[0];
  return found ?? (bytes.every(byte => byte === 0) ? 'zeros' : 'unknown');
}
