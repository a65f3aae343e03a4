/** Spans of one pack that are needed, each counted once however many points need it. */
export interface Spans {
  add(offset: number, length: number): void;
  /** Bytes of all of them. */
  bytes(): number;
  /** How many there are. */
  count(): number;
}

/** Offsets and lengths share a number: a pack is shorter than 2^32 bytes, a block than 2^20. */
const LENGTHS = 2 ** 20;

/** Eight bytes for each span, and what is added twice until that is half of it. */
export function spans(): Spans {
  let all = new Float64Array(8);
  let count = 0;
  const once = () => {
    const sorted = all.subarray(0, count).sort();
    let kept = 0;
    for (const [n, value] of sorted.entries())
      if (n === 0 || value !== sorted[kept - 1]) sorted[kept++] = value;
    count = kept;
  };
  return {
    add(offset, length) {
      if (count === all.length) {
        once();
        if (count > all.length / 2) {
          const larger = new Float64Array(2 * all.length);
          larger.set(all.subarray(0, count));
          all = larger;
        }
      }
      all[count++] = offset * LENGTHS + length;
    },
    bytes() {
      once();
      return all.subarray(0, count).reduce((sum, value) => sum + (value % LENGTHS), 0);
    },
    count() {
      once();
      return count;
    },
  };
}
