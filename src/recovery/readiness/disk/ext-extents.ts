import { type DiskBytes, type Extent, exactly, Unreadable } from '../bytes/disk-bytes.ts';

/** What of an inode says where its bytes are. */
export interface Inode {
  mode: number;
  flags: number;
  bytes: number;
  /** Its 60 bytes: a tree of extents, or numbers of blocks. */
  map: Buffer;
}

const EXTENTS = 0x8_0000;
const INLINE = 0x1000_0000;
const ENCRYPTED = 0x800;

/** Blocks of a tree, or of numbers of blocks, that are read for one file. */
const mostNodes = 4096;
const mostExtents = 65_536;

interface Walk {
  part: DiskBytes;
  block: number;
  /** The file's blocks from here on aren't wanted. */
  wanted: number;
  found: Extent[];
  nodes: number;
}

/**
 * Where the first `bytes` of a file lie, ascending.
 *
 * @throws Unreadable for a file that is kept some other way, or whose map leads nowhere
 */
export async function extentsOf(
  part: DiskBytes,
  { flags, map }: Inode,
  block: number,
  bytes: number,
): Promise<Extent[]> {
  if ((flags & INLINE) !== 0) throw new Unreadable('it holds a file within its inode, which isn’t read here');
  if ((flags & ENCRYPTED) !== 0) throw new Unreadable('it holds an encrypted file');
  const walk: Walk = { part, block, wanted: Math.ceil(bytes / block), found: [], nodes: 0 };
  if ((flags & EXTENTS) !== 0) await tree(walk, map, 6);
  else await numbers(walk, map);
  return walk.found.sort((a, b) => a.offset - b.offset);
}

function add({ found, block, wanted }: Walk, first: number, count: number, at: number): void {
  if (first >= wanted || at === 0) return;
  const last = found.at(-1);
  const [offset, length] = [first * block, count * block];
  if (last && last.offset + last.length === offset && last.at! + last.length === at * block)
    last.length += length;
  else found.push({ offset, length, at: at * block });
  if (found.length > mostExtents) throw new Unreadable(`a file has more than ${mostExtents} pieces`);
}

async function node(walk: Walk, at: number): Promise<Buffer> {
  if (++walk.nodes > mostNodes) throw new Unreadable(`a file's map has more than ${mostNodes} blocks`);
  return exactly(walk.part, at * walk.block, walk.block);
}

/** `deepest`: levels below that it may still have. */
async function tree(walk: Walk, bytes: Buffer, deepest: number): Promise<void> {
  const [count, depth] = [bytes.readUInt16LE(2), bytes.readUInt16LE(6)];
  if (bytes.readUInt16LE(0) !== 0xf30a || depth >= deepest || 12 + count * 12 > bytes.length)
    throw new Unreadable("a file's map of extents is damaged");
  for (let n = 0; n < count; n++) {
    const at = 12 + n * 12;
    const first = bytes.readUInt32LE(at);
    if (first >= walk.wanted) continue;
    if (depth > 0) {
      const below = bytes.readUInt32LE(at + 4) + bytes.readUInt16LE(at + 8) * 2 ** 32;
      await tree(walk, await node(walk, below), depth);
      continue;
    }
    const length = bytes.readUInt16LE(at + 4);
    // A longer one was allocated and never written: it reads as zeros.
    if (length > 32_768) continue;
    add(walk, first, length, bytes.readUInt32LE(at + 8) + bytes.readUInt16LE(at + 6) * 2 ** 32);
  }
}

/** Of ext2 and ext3: twelve numbers of blocks, then blocks of numbers, of blocks of numbers, and of those. */
async function numbers(walk: Walk, map: Buffer): Promise<void> {
  let first = 0;
  const list = async (bytes: Buffer, count: number, depth: number): Promise<void> => {
    const covers = (walk.block / 4) ** depth;
    for (let n = 0; n < count && first < walk.wanted; n++) {
      const at = bytes.readUInt32LE(n * 4);
      if (depth > 0 && at !== 0) await list(await node(walk, at), walk.block / 4, depth - 1);
      else {
        add(walk, first, 1, at);
        first += covers;
      }
    }
  };
  await list(map, 12, 0);
  for (const depth of [1, 2, 3]) await list(map.subarray(48 + (depth - 1) * 4), 1, depth);
}
