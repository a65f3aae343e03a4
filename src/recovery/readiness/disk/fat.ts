import {
  type DiskBytes,
  type Entry,
  type Extent,
  exactly,
  type FileSystem,
  ofExtents,
  Unreadable,
} from '../bytes/disk-bytes.ts';

/** Clusters of a directory or file that are followed: a chain may be a circle. */
const mostClusters = 1 << 18;
/** Bytes of a directory that are read; the format allows no more. */
const mostDirectory = 2 ** 21;

interface FatEntry extends Entry {
  /** Its other name, in upper case: `BOOTX64.EFI`. */
  short: string;
  cluster: number;
  bytes: number;
}

/**
 * A FAT file system of 12, 16 or 32 bits, long names included. Source: Microsoft, "FAT: General Overview of
 * On-Disk Format", 1.03; UEFI specification 2.10, 13.3.
 *
 * @throws Unreadable, as its calls do
 */
export async function openFat(part: DiskBytes): Promise<FileSystem> {
  const boot = await exactly(part, 0, 512);
  const sector = boot.readUInt16LE(11);
  const perCluster = boot[13]!;
  const reserved = boot.readUInt16LE(14);
  const tables = boot[16]!;
  const rootEntries = boot.readUInt16LE(17);
  const total = boot.readUInt16LE(19) || boot.readUInt32LE(32);
  const tableSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36);
  if (![512, 1024, 2048, 4096].includes(sector) || perCluster === 0 || (perCluster & (perCluster - 1)) !== 0)
    throw new Unreadable('its first sector is not that of a FAT file system');
  if (reserved === 0 || tables === 0 || tableSectors === 0)
    throw new Unreadable('its first sector says that it has no table');
  const rootAt = (reserved + tables * tableSectors) * sector;
  const dataAt = rootAt + Math.ceil((rootEntries * 32) / sector) * sector;
  const cluster = sector * perCluster;
  const clusters = Math.floor((total * sector - dataAt) / cluster);
  if (clusters <= 0) throw new Unreadable('its first sector says that it has no room');
  const width = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32;
  const table = tableReader(part, reserved * sector, tableSectors * sector, width);

  const extentsOf = async (first: number, most: number): Promise<Extent[]> => {
    const extents: Extent[] = [];
    let at = first;
    for (let n = 0; at >= 2 && at < clusters + 2 && n * cluster < most; n++) {
      if (n > mostClusters) throw new Unreadable(`more than ${mostClusters} clusters follow one another`);
      const last = extents.at(-1);
      const place = dataAt + (at - 2) * cluster;
      if (last && last.at! + last.length === place) last.length += cluster;
      else extents.push({ offset: n * cluster, length: cluster, at: place });
      at = await table(at);
    }
    return extents;
  };
  const directory = async (first: number): Promise<FatEntry[]> => {
    if (first === 0 && width !== 32) return entriesOf(await part.read(rootAt, rootEntries * 32));
    const extents = await extentsOf(first === 0 ? boot.readUInt32LE(44) : first, mostDirectory);
    const bytes = extents.reduce((sum, { length }) => sum + length, 0);
    return entriesOf(await ofExtents(part, extents, bytes).read(0, bytes));
  };
  const find = async (path: string): Promise<FatEntry | undefined> => {
    let at: FatEntry = { name: '', short: '', kind: 'directory', cluster: 0, bytes: 0 };
    for (const name of path.split('/').filter(word => word !== '')) {
      if (at.kind !== 'directory') return undefined;
      const wanted = name.toUpperCase();
      const found = (await directory(at.cluster)).find(
        one => one.short === wanted || one.name.toUpperCase() === wanted,
      );
      if (!found) return undefined;
      at = found;
    }
    return at;
  };
  return {
    async list(path) {
      const found = await find(path);
      if (found?.kind !== 'directory') return undefined;
      return (await directory(found.cluster)).map(({ name, kind }) => ({ name, kind }));
    },
    async open(path) {
      const found = await find(path);
      if (found?.kind !== 'file') return undefined;
      return ofExtents(part, await extentsOf(found.cluster, found.bytes), found.bytes);
    },
  };
}

/** Bytes of the table that are kept at a time. */
const WINDOW = 65_536;

/** What follows a cluster; each of its ends is more than there are clusters. */
function tableReader(part: DiskBytes, start: number, bytes: number, width: 12 | 16 | 32) {
  let kept: { from: number; content: Buffer } = { from: -1, content: Buffer.alloc(0) };
  const at = async (offset: number, length: number): Promise<Buffer> => {
    if (offset + length > bytes) throw new Unreadable('a cluster is behind the end of its table');
    const inside = offset >= kept.from && offset + length <= kept.from + kept.content.length;
    if (kept.from < 0 || !inside)
      kept = { from: offset, content: await part.read(start + offset, Math.min(WINDOW, bytes - offset)) };
    const found = kept.content.subarray(offset - kept.from, offset - kept.from + length);
    if (found.length < length) throw new Unreadable('its table is cut off');
    return found;
  };
  return async (cluster: number): Promise<number> => {
    if (width === 32) return (await at(cluster * 4, 4)).readUInt32LE(0) & 0x0fff_ffff;
    if (width === 16) return (await at(cluster * 2, 2)).readUInt16LE(0);
    const pair = (await at(Math.floor(cluster * 1.5), 2)).readUInt16LE(0);
    return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
  };
}

const LONG_NAME = 0x0f;
const VOLUME_LABEL = 0x08;
const DIRECTORY = 0x10;

function entriesOf(bytes: Buffer): FatEntry[] {
  const found: FatEntry[] = [];
  let long = '';
  for (let at = 0; at + 32 <= bytes.length; at += 32) {
    const entry = bytes.subarray(at, at + 32);
    if (entry[0] === 0) break;
    const attributes = entry[11]!;
    if (entry[0] !== 0xe5 && (attributes & 0x3f) === LONG_NAME) {
      long = longPart(entry) + long;
      continue;
    }
    const name = long;
    long = '';
    if (entry[0] === 0xe5 || (attributes & VOLUME_LABEL) !== 0) continue;
    const stem = entry.toString('latin1', 0, 8).trimEnd();
    const extension = entry.toString('latin1', 8, 11).trimEnd();
    const short = (extension === '' ? stem : `${stem}.${extension}`).toUpperCase();
    if (short === '.' || short === '..') continue;
    found.push({
      name: name === '' ? short : name,
      short,
      kind: (attributes & DIRECTORY) === 0 ? 'file' : 'directory',
      cluster: (entry.readUInt16LE(20) << 16) + entry.readUInt16LE(26),
      bytes: entry.readUInt32LE(28),
    });
  }
  return found;
}

/** Thirteen characters of a name, whose last part comes first. */
function longPart(entry: Buffer): string {
  const text =
    entry.toString('utf16le', 1, 11) + entry.toString('utf16le', 14, 26) + entry.toString('utf16le', 28, 32);
  const end = text.search(/[\0\uffff]/);
  return end < 0 ? text : text.slice(0, end);
}
