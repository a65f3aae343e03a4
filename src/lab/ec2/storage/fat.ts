/** Bytes of a disk. */
export interface Disk {
  read(offset: number, length: number): Promise<Buffer>;
  bytes: number;
}

interface Fat {
  disk: Disk;
  bits: 12 | 16 | 32;
  clusterBytes: number;
  /** Offsets on the disk, bytes. */
  table: number;
  data: number;
  root: { offset: number; length: number } | { cluster: number };
}

/** Most clusters of one folder that are followed: a damaged chain may be a ring. */
const longestChain = 1024;
const folderFlag = 0x10;

/**
 * Whether a FAT file system that begins at `start` has a file of that path with something in it; names are
 * 8.3. Source: Microsoft FAT specification (2005).
 */
export async function findOnFat(disk: Disk, start: number, path: readonly string[]): Promise<boolean> {
  const fat = await openFat(disk, start);
  if (!fat) return false;
  let at: Fat['root'] | undefined = fat.root;
  for (const [index, name] of path.entries()) {
    const isLast = index === path.length - 1;
    const entry: Entry | undefined = (await entriesOf(fat, at)).find(
      each => each.name === name && each.isFolder === !isLast,
    );
    if (!entry) return false;
    if (isLast) return entry.bytes > 0;
    at = { cluster: entry.cluster };
  }
  return false;
}

async function openFat(disk: Disk, start: number): Promise<Fat | undefined> {
  if (start + 512 > disk.bytes) return undefined;
  const boot = await disk.read(start, 512);
  const sectorBytes = boot.readUInt16LE(11);
  const perCluster = boot[13]!;
  if (boot.readUInt16LE(510) !== 0xaa55 || ![512, 1024, 2048, 4096].includes(sectorBytes) || perCluster === 0)
    return undefined;
  const reserved = boot.readUInt16LE(14);
  const rootEntries = boot.readUInt16LE(17);
  const total = boot.readUInt16LE(19) || boot.readUInt32LE(32);
  const perTable = boot.readUInt16LE(22) || boot.readUInt32LE(36);
  const rootSectors = Math.ceil((rootEntries * 32) / sectorBytes);
  const dataSector = reserved + boot[16]! * perTable + rootSectors;
  const clusters = Math.floor((total - dataSector) / perCluster);
  const bits = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32;
  const rootOffset = start + (dataSector - rootSectors) * sectorBytes;
  return {
    disk,
    bits,
    clusterBytes: perCluster * sectorBytes,
    table: start + reserved * sectorBytes,
    data: start + dataSector * sectorBytes,
    root:
      bits === 32
        ? { cluster: boot.readUInt32LE(44) }
        : { offset: rootOffset, length: rootSectors * sectorBytes },
  };
}

interface Entry {
  name: string;
  isFolder: boolean;
  cluster: number;
  bytes: number;
}

async function entriesOf(fat: Fat, place: Fat['root']): Promise<Entry[]> {
  const bytes =
    'offset' in place ? await fat.disk.read(place.offset, place.length) : await chainOf(fat, place.cluster);
  const entries: Entry[] = [];
  for (let at = 0; at + 32 <= bytes.length && bytes[at] !== 0; at += 32) {
    const flags = bytes[at + 11]!;
    // Deleted ones, and the pieces of long names.
    if (bytes[at] === 0xe5 || (flags & 0x0f) === 0x0f) continue;
    const [stem, extension] = [
      bytes.toString('latin1', at, at + 8),
      bytes.toString('latin1', at + 8, at + 11),
    ];
    entries.push({
      name: `${stem.trimEnd()}${extension.trim() === '' ? '' : `.${extension.trimEnd()}`}`.toUpperCase(),
      isFolder: (flags & folderFlag) !== 0,
      cluster: bytes.readUInt16LE(at + 26) + (fat.bits === 32 ? bytes.readUInt16LE(at + 20) * 65_536 : 0),
      bytes: bytes.readUInt32LE(at + 28),
    });
  }
  return entries;
}

async function chainOf(fat: Fat, first: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const end = { 12: 0xff7, 16: 0xfff7, 32: 0xffffff7 }[fat.bits];
  for (let cluster = first; cluster >= 2 && cluster < end && pieces.length < longestChain; ) {
    const offset = fat.data + (cluster - 2) * fat.clusterBytes;
    if (offset + fat.clusterBytes > fat.disk.bytes) break;
    pieces.push(await fat.disk.read(offset, fat.clusterBytes));
    cluster = await nextCluster(fat, cluster);
  }
  return Buffer.concat(pieces);
}

async function nextCluster({ disk, bits, table }: Fat, cluster: number): Promise<number> {
  if (bits === 32) return (await disk.read(table + cluster * 4, 4)).readUInt32LE() & 0x0fffffff;
  if (bits === 16) return (await disk.read(table + cluster * 2, 2)).readUInt16LE();
  const pair = (await disk.read(table + Math.floor(cluster * 1.5), 2)).readUInt16LE();
  return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
}
