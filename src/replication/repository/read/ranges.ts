import { missing } from '../../model/damage.ts';
import type { ObjectStore } from '../../model/store.ts';

/** Objects up to this many bytes are fetched whole and kept. */
const WHOLE = 2 ** 20;
/** Bytes kept in all, with what it takes to keep an object, however small it is. */
const BUDGET = 32 * 2 ** 20;
const EACH = 512;

export interface RangeReader {
  /**
   * Bytes `start` to `end` of a write-once object of `size` bytes; shorter only when the object is.
   * Throws a `missing-object` Failure when it isn't there.
   */
  read(key: string, size: number, start: number, end: number, signal?: AbortSignal): Promise<Buffer>;
  forget(key: string): void;
}

/**
 * Metadata of recent commits is in many small objects that are asked for page by page: those are
 * read once. Large ones are read by range.
 */
export function rangeReader(store: ObjectStore): RangeReader {
  const kept = new Map<string, { bytes: Promise<Buffer>; size: number }>();
  let total = 0;
  const forget = (key: string) => {
    const known = kept.get(key);
    total -= known ? known.size + EACH : 0;
    kept.delete(key);
  };
  const whole = (key: string, size: number): Promise<Buffer> => {
    const hit = kept.get(key);
    if (hit) {
      kept.delete(key);
      kept.set(key, hit);
      return hit.bytes;
    }
    const bytes = store.get(key).then(found => {
      if (!found) throw missing(key);
      return found.bytes;
    });
    bytes.catch(() => forget(key));
    kept.set(key, { bytes, size });
    total += size + EACH;
    for (const oldest of kept.keys()) {
      if (total <= BUDGET) break;
      forget(oldest);
    }
    return bytes;
  };
  return {
    forget,
    async read(key, size, start, end, signal) {
      if (size <= WHOLE) return (await whole(key, size)).subarray(start, end);
      const found = await store.get(key, { range: { start, end }, ...(signal ? { signal } : {}) });
      if (!found) throw missing(key);
      return found.bytes;
    },
  };
}
