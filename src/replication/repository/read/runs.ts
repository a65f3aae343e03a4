import type { Location } from '../../model/store.ts';

/** A stored block and the blocks of the disk that it is needed for. */
export interface Wanted extends Location {
  id: Buffer;
  blocks: number[];
}

/** One range request: bytes `start` to `end` of a pack. */
export interface Run {
  pack: string;
  start: number;
  end: number;
  wanted: Wanted[];
}

/** A request costs about as much as this many bytes: smaller gaps are read over. */
const GAP = 128 * 1024;
/**
 * Bytes of the longest run: all blocks of a pack. What goes round a request (signing it, reading what its
 * answer says) takes as long as checking a megabyte or two.
 */
export const LONGEST = 17 * 2 ** 20;

/** Neighbouring blocks of a pack together; packs in the order first wanted. */
export function runsOf(wanted: Wanted[]): Run[] {
  const runs: Run[] = [];
  for (const inPack of Map.groupBy(wanted, w => w.pack).values()) {
    let run: Run | undefined;
    for (const want of inPack.sort((a, b) => a.offset - b.offset)) {
      const end = want.offset + want.length;
      if (run && want.offset - run.end <= GAP && end - run.start <= LONGEST) {
        run.end = Math.max(run.end, end);
        run.wanted.push(want);
      } else {
        run = { pack: want.pack, start: want.offset, end, wanted: [want] };
        runs.push(run);
      }
    }
  }
  return runs;
}
