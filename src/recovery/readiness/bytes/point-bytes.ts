import { createHash } from 'node:crypto';
import type { PointDisk } from '../../../replication/model/point.ts';
import type { DiskReader } from '../../../replication/model/repository.ts';
import { type DiskBytes, Unreadable } from './disk-bytes.ts';

/** Which blocks of a disk something was read from. Two disks with the same trace say the same. */
export interface Trace {
  /** First and last of each run of blocks, ascending. */
  runs: [first: number, last: number][];
  /** SHA-256, hex, of the names of the pages that they are in. */
  pages: string;
  /** SHA-256, hex, of their ids. */
  ids: string;
}

export interface PointBytes extends DiskBytes {
  /** What was read so far: blocks that aren't zero, and their plaintext bytes. */
  readonly counted: { blocks: number; bytes: number };
  /** `by` ends this read alone, and is the signal of whoever asked for it. */
  read(offset: number, length: number, by?: AbortSignal): Promise<Buffer>;
  trace(): Promise<Trace>;
}

/** Bytes of blocks that are kept for the next read. */
const KEPT = 32 * 2 ** 20;
/** Bytes of one disk that are read at most; an initramfs is the most of it. */
export const MOST_READ = 2 ** 30;

/**
 * A disk of a point, of which only the blocks are read that are asked for.
 *
 * @param mostRead bytes, after which its calls reject with `Unreadable`
 */
export function pointBytes(
  reader: DiskReader,
  { bytes }: PointDisk,
  signal?: AbortSignal,
  mostRead = MOST_READ,
): PointBytes {
  const { blockSize } = reader.map;
  const kept = new Map<number, Buffer>();
  const touched = new Set<number>();
  const counted = { blocks: 0, bytes: 0 };
  const most = Math.max(1, Math.floor(KEPT / blockSize));
  const load = async (wanted: number[], by = signal): Promise<Map<number, Buffer>> => {
    const found = new Map<number, Buffer>();
    const missing = wanted.filter(block => {
      const hit = kept.get(block);
      if (hit) found.set(block, hit);
      return !hit;
    });
    if (missing.length === 0) return found;
    for await (const { index, bytes: lent } of reader.blocks(missing, by)) {
      // Kept beyond the next block, whose bytes may come to lie where these are.
      const content = Buffer.from(lent);
      found.set(index, content);
      touched.add(index);
      kept.set(index, content);
      counted.blocks++;
      counted.bytes += content.length;
    }
    if (counted.bytes > mostRead) throw new Unreadable(`more than ${mostRead} bytes would be read`);
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    return found;
  };
  return {
    bytes,
    counted,
    async read(offset, length, by) {
      const end = Math.min(bytes, offset + length);
      if (!(offset >= 0) || !(end > offset)) return Buffer.alloc(0);
      const first = Math.floor(offset / blockSize);
      const last = Math.floor((end - 1) / blockSize);
      const blocks = await load(
        Array.from({ length: last - first + 1 }, (_, n) => first + n),
        by,
      );
      // A record of a file system is a small part of one block, and there are many.
      const all =
        first === last
          ? blocks.get(first)!
          : Buffer.concat(Array.from({ length: last - first + 1 }, (_, n) => blocks.get(first + n)!));
      return all.subarray(offset - first * blockSize, end - first * blockSize);
    },
    async trace() {
      const runs = runsOf([...touched].sort((a, b) => a - b));
      return { runs, pages: pagesDigest(reader, runs), ids: await idsDigest(reader, runs, signal) };
    },
  };
}

/** Whether the same was to be read of this disk: then what was found before is found again. */
export async function isTraceOf(
  { runs, pages, ids }: Trace,
  reader: DiskReader,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((runs.at(-1)?.[1] ?? 0) >= reader.map.blocks) return false;
  // Equal names are equal pages: nothing has to be read.
  return pages === pagesDigest(reader, runs) || ids === (await idsDigest(reader, runs, signal));
}

function runsOf(blocks: number[]): Trace['runs'] {
  const runs: Trace['runs'] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last && last[1] === block - 1) last[1] = block;
    else runs.push([block, block]);
  }
  return runs;
}

function* pagesOf({ map }: DiskReader, runs: Trace['runs']): Generator<number> {
  let done = -1;
  for (const [first, last] of runs)
    for (let page = Math.floor(first / map.pageBlocks); page <= Math.floor(last / map.pageBlocks); page++)
      if (page > done) {
        yield page;
        done = page;
      }
}

function pagesDigest(reader: DiskReader, runs: Trace['runs']): string {
  const hash = createHash('sha256');
  for (const page of pagesOf(reader, runs)) hash.update(`${page}=${reader.map.pageName(page)}\n`);
  return hash.digest('hex');
}

async function idsDigest(reader: DiskReader, runs: Trace['runs'], signal?: AbortSignal): Promise<string> {
  const { map } = reader;
  const hash = createHash('sha256');
  for (const page of pagesOf(reader, runs)) {
    const ids = await map.page(page, signal);
    const from = page * map.pageBlocks;
    for (const [first, last] of runs) {
      const [low, high] = [Math.max(first, from), Math.min(last + 1, from + map.pageBlocks)];
      if (low < high) hash.update(ids.subarray((low - from) * ID_BYTES, (high - from) * ID_BYTES));
    }
  }
  return hash.digest('hex');
}

const ID_BYTES = 32;
