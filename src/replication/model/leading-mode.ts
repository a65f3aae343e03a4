import type { Mode } from './point.ts';
import type { Point } from './repository.ts';

/** How thorough each is, the least first. */
const order: Mode[] = ['incremental', 'rescan', 'full'];

/** A point's mode is the most thorough of its disks', with that disk's reason. */
export function leadingMode({ disks }: Pick<Point, 'disks'>): { mode: Mode; reason: string } {
  const leading = disks.toSorted((a, b) => order.indexOf(b.mode) - order.indexOf(a.mode))[0];
  return { mode: leading?.mode ?? 'full', reason: leading?.reason ?? '' };
}
