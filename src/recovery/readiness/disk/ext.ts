import {
  type DiskBytes,
  type Entry,
  type Extent,
  exactly,
  type FileSystem,
  ofExtents,
  Unreadable,
} from '../bytes/disk-bytes.ts';
import { extentsOf, type Inode } from './ext-extents.ts';

/** Bytes of a directory that are read; thousands of names have room there. */
const mostDirectory = 2 ** 22;
/** Links that are followed on the way to one file. */
const mostLinks = 8;

/** Features without which this reader would read something else than what is there. */
const unreadable: readonly [flag: number, name: string][] = [
  [0x1, 'compression'],
  [0x8, 'a journal of another device'],
  [0x10, 'meta_bg'],
  [0x1000, 'dirdata'],
];

interface ExtEntry extends Entry {
  inode: number;
}

/**
 * An ext2, ext3 or ext4 file system, read as the disk has it: what is in its journal alone isn't seen.
 * Source: the kernel's documentation, filesystems/ext4.
 *
 * @throws Unreadable, as its calls do
 */
export async function openExt(part: DiskBytes): Promise<FileSystem> {
  const top = await exactly(part, 1024, 1024);
  if (top.readUInt16LE(56) !== 0xef53) throw new Unreadable('it has no superblock of ext4');
  const log = top.readUInt32LE(24);
  if (log > 6) throw new Unreadable(`its superblock says that blocks have 2^${log + 10} bytes`);
  const block = 1024 << log;
  const perGroup = top.readUInt32LE(40);
  const inodes = top.readUInt32LE(0);
  const isDynamic = top.readUInt32LE(76) >= 1;
  const inodeBytes = isDynamic ? top.readUInt16LE(88) : 128;
  const features = isDynamic ? top.readUInt32LE(96) : 0;
  if (perGroup === 0 || inodeBytes < 128 || inodeBytes > block)
    throw new Unreadable('its superblock is not that of ext4');
  const lacking = unreadable.find(([flag]) => (features & flag) !== 0);
  if (lacking) throw new Unreadable(`it uses ${lacking[1]}, which isn't read here`);
  const wide = (features & 0x80) !== 0;
  const descriptor = wide ? top.readUInt16LE(254) || 64 : 32;
  if (descriptor < 32 || descriptor > block) throw new Unreadable('its superblock is not that of ext4');
  const groupsAt = (top.readUInt32LE(20) + 1) * block;

  const inodeOf = async (number: number): Promise<Inode> => {
    if (number < 1 || number > inodes) throw new Unreadable(`it names inode ${number} of ${inodes}`);
    const group = Math.floor((number - 1) / perGroup);
    const about = await exactly(part, groupsAt + group * descriptor, descriptor);
    const high = descriptor >= 64 ? about.readUInt32LE(0x28) : 0;
    const table = (about.readUInt32LE(8) + high * 2 ** 32) * block;
    const bytes = await exactly(part, table + ((number - 1) % perGroup) * inodeBytes, 128);
    return {
      mode: bytes.readUInt16LE(0),
      flags: bytes.readUInt32LE(32),
      bytes: bytes.readUInt32LE(4) + bytes.readUInt32LE(108) * 2 ** 32,
      map: bytes.subarray(40, 100),
    };
  };
  const fileOf = async (inode: Inode, most: number): Promise<DiskBytes> => {
    const bytes = Math.min(inode.bytes, most);
    const extents: Extent[] = await extentsOf(part, inode, block, bytes);
    return ofExtents(part, extents, bytes);
  };
  const directory = async (inode: Inode): Promise<ExtEntry[]> => {
    const file = await fileOf(inode, mostDirectory);
    return entriesOf(await file.read(0, file.bytes), block);
  };
  const target = async (inode: Inode): Promise<string> => {
    // A short one is where the map would be.
    if (inode.bytes < 60) return inode.map.toString('utf8', 0, inode.bytes);
    const file = await fileOf(inode, 4096);
    return (await file.read(0, file.bytes)).toString('utf8');
  };
  const find = async (path: string): Promise<Inode | undefined> => {
    let words = path.split('/').filter(word => word !== '');
    const parents: Inode[] = [];
    let at = await inodeOf(2);
    for (let links = 0; words.length > 0; ) {
      const [name, ...rest] = words;
      words = rest;
      if (name === '.') continue;
      if (name === '..') {
        at = parents.pop() ?? at;
        continue;
      }
      if (kindOf(at.mode) !== 'directory') return undefined;
      const found = (await directory(at)).find(one => one.name === name);
      if (!found) return undefined;
      const next = await inodeOf(found.inode);
      if (kindOf(next.mode) === 'link') {
        if (++links > mostLinks) throw new Unreadable(`${path} is a link to a link, and so on`);
        const to = await target(next);
        if (to.startsWith('/')) at = await inodeOf(2);
        words = [...to.split('/').filter(word => word !== ''), ...words];
      } else {
        parents.push(at);
        at = next;
      }
    }
    return at;
  };
  return {
    async list(path) {
      const found = await find(path);
      if (!found || kindOf(found.mode) !== 'directory') return undefined;
      return (await directory(found)).map(({ name, kind }) => ({ name, kind }));
    },
    async open(path) {
      const found = await find(path);
      if (!found || kindOf(found.mode) !== 'file') return undefined;
      return fileOf(found, found.bytes);
    },
  };
}

const kindOf = (mode: number): Entry['kind'] => kinds[mode >> 12] ?? 'other';
const kinds: Readonly<Record<number, Entry['kind']>> = { 8: 'file', 4: 'directory', 10: 'link' };
const entryKinds: readonly Entry['kind'][] = [
  'other',
  'file',
  'directory',
  'other',
  'other',
  'other',
  'other',
  'link',
];

/** Entries never reach over a block, and the blocks of a directory's index hold none that is in use. */
function entriesOf(bytes: Buffer, block: number): ExtEntry[] {
  const found: ExtEntry[] = [];
  for (let start = 0; start < bytes.length; start += block) {
    const end = Math.min(bytes.length, start + block);
    for (let at = start; at + 8 <= end; ) {
      const length = bytes.readUInt16LE(at + 4);
      const named = bytes[at + 6]!;
      if (length < 8 || at + length > end || 8 + named > length) break;
      const inode = bytes.readUInt32LE(at);
      const name = bytes.toString('utf8', at + 8, at + 8 + named);
      if (inode !== 0 && name !== '.' && name !== '..')
        found.push({ name, inode, kind: entryKinds[bytes[at + 7]!] ?? 'other' });
      at += length;
    }
  }
  return found;
}
