import type { ServedDisk } from '../../nbd/server.ts';
import { pointBytes } from '../../recovery/readiness/bytes/point-bytes.ts';
import { ID_BYTES, ZERO_ID } from '../../replication/format/blocks.ts';
import type { PointDisk } from '../../replication/model/point.ts';
import type { DiskReader } from '../../replication/model/repository.ts';
import type { Allocation } from '../../replication/model/source.ts';

/** Runs that one answer holds; whoever wants more asks again from where it ended. */
const mostRuns = 4096;
/** Pages of the map that one answer looks at, and that are kept for the next. */
const mostPages = 8;

/** A disk of a point as NBD serves it. Which blocks are zeros is known by the map, without reading any. */
export function servedDisk(reader: DiskReader, disk: PointDisk, signal: AbortSignal): ServedDisk {
  const { map } = reader;
  const content = pointBytes(reader, disk, signal, Number.POSITIVE_INFINITY);
  const kept = new Map<number, Promise<Buffer>>();
  const idsOf = (page: number): Promise<Buffer> => {
    const hit = kept.get(page);
    if (hit) return hit;
    const loading = map.page(page, signal);
    loading.catch(() => kept.delete(page));
    kept.set(page, loading);
    for (const oldest of kept.keys()) {
      if (kept.size <= mostPages) break;
      kept.delete(oldest);
    }
    return loading;
  };
  return {
    name: `disk-${disk.index}`,
    bytes: disk.bytes,
    preferred: disk.blockSize,
    read: (offset, length, by) => content.read(offset, length, by),
    async status(offset, length) {
      const end = Math.min(offset + length, disk.bytes);
      const pageBytes = map.pageBlocks * map.blockSize;
      const runs: Allocation[] = [];
      const add = (start: number, to: number, zero: boolean) => {
        const last = runs.at(-1);
        if (last?.zero === zero) last.length += to - start;
        else runs.push({ start, length: to - start, zero });
      };
      let looked = 0;
      for (let at = offset; at < end && runs.length < mostRuns; ) {
        const page = Math.floor(at / pageBytes);
        const pageEnd = Math.min(end, (page + 1) * pageBytes);
        if (map.pageName(page) === 'zero') {
          add(at, pageEnd, true);
          at = pageEnd;
          continue;
        }
        if (looked++ === mostPages) break;
        const ids = await idsOf(page);
        while (at < pageEnd && runs.length < mostRuns) {
          const block = Math.floor(at / map.blockSize);
          const to = Math.min(pageEnd, (block + 1) * map.blockSize);
          const id = (block % map.pageBlocks) * ID_BYTES;
          add(at, to, ids.compare(ZERO_ID, 0, ID_BYTES, id, id + ID_BYTES) === 0);
          at = to;
        }
      }
      return runs;
    },
  };
}
