/** Bytes per block of change tracking, per copy-on-write unit, and per bit of an allocation map. */
export const GRANULE = 65_536;
export const SECTOR = 512;

export interface Range {
  start: number;
  length: number;
}

export const granulesOf = (bytes: number): number => Math.ceil(bytes / GRANULE);

/** The parts of a byte range that are in one granule each. */
export function* pieces(offset: number, length: number): Generator<Range & { granule: number }> {
  for (let at = offset; at < offset + length; ) {
    const granule = Math.floor(at / GRANULE);
    const end = Math.min((granule + 1) * GRANULE, offset + length);
    yield { granule, start: at, length: end - at };
    at = end;
  }
}

/** Bytes from the first to the last chosen granule of each run, cut to `from` and `to`. */
export function* runs(from: number, to: number, chosen: (granule: number) => boolean): Generator<Range> {
  let start = -1;
  for (const piece of pieces(from, to - from)) {
    if (chosen(piece.granule)) {
      if (start < 0) start = piece.start;
    } else if (start >= 0) {
      yield { start, length: piece.start - start };
      start = -1;
    }
  }
  if (start >= 0) yield { start, length: to - start };
}
