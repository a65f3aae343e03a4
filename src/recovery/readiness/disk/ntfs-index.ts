import { type DiskBytes, type Entry, exactly, Unreadable } from '../bytes/disk-bytes.ts';
import { mended, type Reference, referenceAt } from './ntfs-records.ts';

/** Blocks of one directory that are read; tens of thousands of names have room there. */
const mostBlocks = 4096;

export interface NtfsEntry extends Entry {
  reference: Reference;
  /** It is the short name, `PROGRA~1`, of an entry that has a long one as well. */
  isShort: boolean;
}

const HAS_BELOW = 1;
const IS_LAST = 2;
const LINK = 0x400;
const DIRECTORY = 0x1000_0000;
const SHORT = 2;

/**
 * The names of a directory: a tree, whose root is in the file's record and whose other blocks are in
 * `allocation`, each named by where it begins. Only what the root leads to counts: blocks that are out of use
 * keep what they held.
 *
 * @throws Unreadable
 */
export async function* entriesOf(
  root: Buffer,
  allocation: DiskBytes | undefined,
  cluster: number,
): AsyncGenerator<NtfsEntry> {
  if (root.length < 32) throw damaged();
  const block = root.readUInt32LE(8);
  if (!(block >= 512 && block <= 65_536 && Number.isInteger(Math.log2(block)))) throw damaged();
  // Blocks that are smaller than a cluster are counted in sectors of 512 bytes.
  const unit = block < cluster ? 512 : cluster;
  const seen = new Set<number>();
  const waiting: Buffer[] = [root.subarray(16)];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const below: number[] = [];
    for (const { entry, child } of nodeOf(node)) {
      if (entry) yield entry;
      if (child !== undefined) below.push(child);
    }
    for (const number of below) {
      if (!allocation || seen.has(number)) throw damaged();
      seen.add(number);
      if (seen.size > mostBlocks)
        throw new Unreadable(`a directory of it has more than ${mostBlocks} blocks`);
      const whole = mended(await exactly(allocation, number * unit, block), 'INDX');
      if (Number(whole.readBigUInt64LE(16)) !== number) throw damaged();
      waiting.push(whole.subarray(24));
    }
  }
}

/** @param node from its header on, which says where its entries are counted from itself */
function* nodeOf(node: Buffer): Generator<{ entry?: NtfsEntry; child?: number }> {
  const end = node.readUInt32LE(4);
  if (end > node.length) throw damaged();
  for (let at = node.readUInt32LE(0); ; ) {
    if (at + 16 > end) throw damaged();
    const [length, flags] = [node.readUInt16LE(at + 8), node.readUInt16LE(at + 12)];
    const hasBelow = (flags & HAS_BELOW) !== 0;
    if (length < (hasBelow ? 24 : 16) || at + length > end) throw damaged();
    const one = node.subarray(at, at + length);
    yield {
      ...((flags & IS_LAST) === 0 && { entry: entryIn(one) }),
      ...(hasBelow && { child: Number(one.readBigUInt64LE(length - 8)) }),
    };
    if ((flags & IS_LAST) !== 0) return;
    at += length;
  }
}

function entryIn(one: Buffer): NtfsEntry {
  if (one.length < 82) throw damaged();
  const named = one[80]!;
  if (82 + named * 2 > one.length) throw damaged();
  const flags = one.readUInt32LE(72);
  return {
    name: one.toString('utf16le', 82, 82 + named * 2),
    kind: (flags & LINK) !== 0 ? 'link' : (flags & DIRECTORY) !== 0 ? 'directory' : 'file',
    reference: referenceAt(one, 0),
    isShort: one[81] === SHORT,
  };
}

const damaged = (): Unreadable => new Unreadable('a directory of it is damaged');
