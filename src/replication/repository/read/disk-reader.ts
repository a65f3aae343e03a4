import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { blockCount, blockLength, ID_BYTES, MAX_BLOCK, PAGE_BLOCKS, pageCount } from '../../format/blocks.ts';
import { idKey } from '../../format/index-object.ts';
import { nameOf } from '../../format/page-map.ts';
import type { Root, RootDisk, Segment } from '../../format/root.ts';
import { sealerFor } from '../../format/sealing.ts';
import { damaged, missing } from '../../model/damage.ts';
import { pipelined } from '../../model/pipelined.ts';
import type { DiskMap, DiskReader, ReadBlock, ReadExtent } from '../../model/repository.ts';
import { indexReader, type Located } from './locator.ts';
import { loadPage } from './pages.ts';
import { newestRoot } from './points.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';
import { LONGEST, type Run, runsOf, type Wanted } from './runs.ts';

const READS = 4;
const PAGES_KEPT = 4;

/** The disk of `root` with that index. Throws RangeError when the point has none. */
export function diskReader(context: VmContext, root: Root, index: number): DiskReader {
  const found = root.disks.find(d => d.disk.index === index);
  if (!found) throw new RangeError(`point ${root.point.id} has no disk ${index}`);
  return readerOf(context, root, found);
}

function readerOf(context: VmContext, root: Root, { disk, number, pages }: RootDisk): DiskReader {
  const blocks = blockCount(disk.bytes, disk.blockSize);
  const lookup = indexReader(context);
  const zeros = Buffer.alloc(disk.blockSize);
  let segments: Promise<Segment[]> | undefined;
  const located = new Map<string, Promise<Located>>();
  /** Of runs. A new one for each would have the garbage collector look at everything every few of them. */
  const spare: Buffer[] = [];

  const map: DiskMap = {
    blockSize: disk.blockSize,
    blocks,
    pageBlocks: PAGE_BLOCKS,
    pages: pageCount(blocks),
    pageName: page => nameOf(pages[page]!),
    async page(page, signal) {
      const count = Math.min(PAGE_BLOCKS, blocks - page * PAGE_BLOCKS);
      return (await loadPage(context, pages[page]!, root.pagesObjects, count, signal)).ids;
    },
  };

  // Index objects that this point names may be superseded and pruned by now: the newest point's count, and of
  // the newest itself those that its head has, where a pruner moved what packs hold.
  const inForce = () => {
    segments ??= newestRoot(context, () => {}).then(newest =>
      newest && newest.point.generation >= root.point.generation ? newest.segments : root.segments,
    );
    return segments;
  };
  const locate = (of: 'newest' | 'own', page: number, signal?: AbortSignal): Promise<Located> => {
    const name = `${of} ${page}`;
    const hit = located.get(name);
    if (hit) return hit;
    const list = of === 'own' ? Promise.resolve(root.segments) : inForce();
    const loading = list.then(s => lookup.locate(s, number, page, signal));
    loading.catch(() => located.delete(name));
    located.set(name, loading);
    for (const oldest of located.keys()) {
      if (located.size <= PAGES_KEPT) break;
      located.delete(oldest);
    }
    return loading;
  };
  /** Runs `work` again, with the index read anew, when an object was gone: somebody pruned meanwhile. */
  const againOnMissing = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!failedWith(error, 'missing-object')) throw error;
      segments = undefined;
      located.clear();
      return work();
    }
  };

  const locationOf = async (id: Buffer, block: number, page: number, signal?: AbortSignal) => {
    const key = idKey(id);
    const { locations, lost } = await locate('newest', page, signal);
    const found = locations.get(key) ?? (await locate('own', page, signal)).locations.get(key);
    if (found) return found;
    // Of several, one that is missing: the index may just have been merged, and is read anew then.
    throw (
      (lost.find(({ failure }) => failedWith(failure, 'missing-object')) ?? lost[0])?.failure ??
      damaged(
        context.names.point(root.point.generation, root.point.id),
        `no index says where block ${block} of disk ${disk.index} is`,
      )
    );
  };
  const fetchRun = async (run: Run, into: Buffer | undefined, signal?: AbortSignal) => {
    const key = context.names.pack(run.pack);
    const found = await context.store.get(key, {
      range: { start: run.start, end: run.end },
      ...(into && { into }),
      ...(signal && { signal }),
    });
    if (!found) throw missing(key);
    if (found.bytes.length !== run.end - run.start) throw damaged(key, `it ends before byte ${run.end}`);
    return found.bytes;
  };
  const opener = (run: Run, bytes: Buffer) => {
    const sealer = sealerFor(
      context.vault,
      'pack',
      context.names.pack(run.pack),
      Buffer.from(run.pack, 'hex'),
    );
    return ({ id, offset, length, blocks: [first] }: Wanted, room?: Buffer): Buffer => {
      const stored = bytes.subarray(offset - run.start, offset - run.start + length);
      // Nobody else reads the bytes of a run: what they were stored as isn't needed once they are opened.
      const places = { into: stored, ...(room && { room }) };
      const plain = whole(() => sealer.openBlock(offset, stored, disk.blockSize, id, places));
      if (plain?.length === blockLength(disk, first!)) return plain;
      throw damaged(
        sealer.key,
        `what is at byte ${offset} isn't block ${first} of disk ${disk.index} as it was written`,
      );
    };
  };

  /** What of `page` is wanted, sorted into runs; zero blocks are answered apart. */
  const plan = (page: number, wanted: number[], signal?: AbortSignal) =>
    againOnMissing(async () => {
      const ids = await map.page(page, signal);
      const zero: number[] = [];
      const byPlace = new Map<string, Wanted>();
      for (const block of wanted) {
        const at = (block % PAGE_BLOCKS) * ID_BYTES;
        const id = ids.subarray(at, at + ID_BYTES);
        if (id.equals(zeros.subarray(0, ID_BYTES))) zero.push(block);
        else {
          const location = await locationOf(id, block, page, signal);
          const place = `${location.pack}+${location.offset}`;
          const same = byPlace.get(place);
          if (same) same.blocks.push(block);
          else byPlace.set(place, { ...location, id, blocks: [block] });
        }
      }
      return { zero, runs: runsOf([...byPlace.values()]) };
    });

  async function* jobs(
    wanted: Iterable<number>,
    zerosToo: boolean,
    signal?: AbortSignal,
  ): AsyncGenerator<Run | number[]> {
    for (const [page, blocksOfPage] of byPage(wanted)) {
      const { zero, runs } = await plan(page, blocksOfPage, signal);
      if (zerosToo && zero.length > 0) yield zero;
      yield* runs;
    }
  }

  /** One block by a request of its own. What is wrong with it names the block. */
  const single = (index: number, signal?: AbortSignal) =>
    againOnMissing(async () => {
      const { zero, runs } = await plan(Math.floor(index / PAGE_BLOCKS), [index], signal);
      if (zero.length > 0) return Buffer.alloc(blockLength(disk, index));
      const run = runs[0]!;
      const open = opener(run, await fetchRun(run, undefined, signal));
      return open(run.wanted[0]!);
    });

  /**
   * Blocks of one request at a time, in the order of the pack, and no more than `LONGEST` of them together,
   * however well they were compressed; their bytes are there until the next but one are asked for.
   */
  async function* batches(wanted: Iterable<number>, zerosToo: boolean, signal?: AbortSignal) {
    const fetch = async (job: Run | number[]) => {
      if (Array.isArray(job)) return { job, bytes: undefined };
      const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(LONGEST);
      try {
        return { job, bytes: await fetchRun(job, buffer, signal), buffer };
      } catch (error) {
        if (!failedWith(error, 'missing-object', 'damaged-object')) throw error;
        return { job, bytes: undefined };
      }
    };
    /** What is in compressed blocks: of one batch, while somebody still looks at the one before. */
    const rooms: Buffer[] = [];
    let turn = 0;
    /** Of the run before. */
    let before: Buffer | undefined;
    for await (const { job, bytes, buffer } of pipelined(jobs(wanted, zerosToo, signal), READS, fetch)) {
      signal?.throwIfAborted();
      if (Array.isArray(job)) {
        yield job.map(index => ({ index, bytes: zeros.subarray(0, blockLength(disk, index)) }));
        continue;
      }
      const open = bytes && opener(job, bytes);
      let batch: ReadBlock[] = [];
      /** Bytes of the batch, and those of it that were unpacked. */
      let held = 0;
      let used = 0;
      for (const want of job.wanted) {
        if (want.length < disk.blockSize) rooms[turn] ??= Buffer.allocUnsafeSlow(LONGEST + MAX_BLOCK + 1);
        const room = rooms[turn]?.subarray(used);
        const opened = open && whole(() => open(want, room));
        const plain = opened ?? (await single(want.blocks[0]!, signal));
        const known = !context.vault.encrypted && { sha256: want.id };
        for (const index of want.blocks) batch.push({ index, bytes: plain, ...known });
        if (plain.buffer === room?.buffer) used += plain.length;
        held += plain.length;
        if (held < LONGEST && want !== job.wanted.at(-1)) continue;
        yield batch;
        [batch, held, used] = [[], 0, 0];
        turn = 1 - turn;
      }
      if (before) spare.push(before);
      before = buffer;
    }
  }

  return {
    map,
    async *blocks(wanted, signal) {
      for await (const batch of batches(wanted, true, signal)) yield* batch;
    },
    async *extents(wanted, { zerosToo, signal }) {
      for await (const batch of batches(wanted, zerosToo, signal)) yield* neighbours(batch);
    },
    async packs(wanted, signal) {
      const keys = new Set<string>();
      for await (const job of jobs(wanted, false, signal))
        if (!Array.isArray(job)) keys.add(context.names.pack(job.pack));
      return keys;
    },
    block(index, signal) {
      if (!(index >= 0 && index < blocks)) throw new RangeError(`disk ${disk.index} has no block ${index}`);
      return readAgain(() => single(index, signal));
    },
  };
}

/** Undefined for what is damaged, which is read by itself then. */
function whole(open: () => Buffer): Buffer | undefined {
  try {
    return open();
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    return undefined;
  }
}

/** Blocks that follow one another on the disk, together. */
function* neighbours(batch: ReadBlock[]): Generator<ReadExtent> {
  let extent: ReadExtent | undefined;
  for (const { index, bytes } of batch.sort((a, b) => a.index - b.index)) {
    if (extent && index !== extent.first + extent.blocks.length) {
      yield extent;
      extent = undefined;
    }
    extent ??= { first: index, blocks: [] };
    extent.blocks.push(bytes);
  }
  if (extent) yield extent;
}

/** Neighbours in `wanted` that are in one page, together. */
function* byPage(wanted: Iterable<number>): Generator<[page: number, blocks: number[]]> {
  let page = -1;
  let blocks: number[] = [];
  for (const block of wanted) {
    const of = Math.floor(block / PAGE_BLOCKS);
    if (of !== page && blocks.length > 0) yield [page, blocks];
    if (of !== page) blocks = [];
    page = of;
    blocks.push(block);
  }
  if (blocks.length > 0) yield [page, blocks];
}
