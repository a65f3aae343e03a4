import { GRANULE, type Range, runs } from './granule.ts';

export interface ChangedAreas {
  startOffset: number;
  /** Bytes that this answer speaks of; the disk may go on after them. */
  length: number;
  areas: Range[];
}

export interface PageLimits {
  /** Most areas in one answer. */
  areas: number;
  /** Most bytes that one answer speaks of. */
  span: number;
}

/** Bytes looked at in one step: what bounds memory on a large disk. */
const WINDOW = 4096 * GRANULE;

/**
 * The chosen areas of `startOffset`..`capacity` in ascending order, adjacent ones joined, as one page.
 * `chosenIn` says which granules of a stretch count.
 */
export async function pageOfAreas(
  startOffset: number,
  capacity: number,
  limits: PageLimits,
  chosenIn: (offset: number, length: number) => Promise<(granule: number) => boolean>,
): Promise<ChangedAreas> {
  const end = Math.min(capacity, startOffset + limits.span);
  const areas: Range[] = [];
  for (let at = startOffset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / WINDOW) + 1) * WINDOW);
    for (const run of runs(at, next, await chosenIn(at, next - at))) {
      const last = areas.at(-1);
      if (last && last.start + last.length === run.start) last.length += run.length;
      else if (areas.length < limits.areas) areas.push(run);
      else return { startOffset, length: last!.start + last!.length - startOffset, areas };
    }
    at = next;
  }
  return { startOffset, length: end - startOffset, areas };
}
