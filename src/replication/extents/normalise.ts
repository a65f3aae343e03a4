import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Extent } from '../model/source.ts';

/** Bytes; every vSphere disk is a whole number of these. */
const sectorSize = 512;

/**
 * Brings changed areas into the one form that the rest works on: sorted by start, rounded out to
 * sectors, cut off at `capacity` (bytes), overlapping and touching ones merged, empty ones gone.
 * The result covers every byte of the input that is on the disk.
 *
 * @throws Failure `bad-extent` when an area isn't made of safe non-negative integers. Guessing what
 *   was meant could leave a changed block out.
 */
export function normaliseExtents(extents: Iterable<Extent>, capacity: number): Extent[] {
  const rounded: Extent[] = [];
  for (const extent of extents) {
    const { start, length } = extent;
    if (!isOffset(start) || !isOffset(length) || !isOffset(start + length)) throw badExtent(extent);
    const from = start - (start % sectorSize);
    const to = Math.min(Math.ceil((start + length) / sectorSize) * sectorSize, capacity);
    if (length > 0 && from < to) rounded.push({ start: from, length: to - from });
  }
  rounded.sort((a, b) => a.start - b.start);
  const merged: Extent[] = [];
  for (const next of rounded) {
    const last = merged.at(-1);
    if (last === undefined || next.start > last.start + last.length) merged.push(next);
    else last.length = Math.max(last.length, next.start + next.length - last.start);
  }
  return merged;
}

const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const badExtent = ({ start, length }: Extent): Failure =>
  new Failure(
    world(
      'bad-extent',
      `a changed area starts at ${start} with length ${length}; expected whole, non-negative bytes`,
      { hint: 'request a full comparison of the VM, and report the vCenter build' },
    ),
  );
