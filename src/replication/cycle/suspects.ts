import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { plural } from '../../io/units.ts';
import { type PointId, withSuspects } from '../model/damage-record.ts';
import type { Point, VmRepository } from '../model/repository.ts';
import { diagnosticsOf, warning } from './failures.ts';
import type { CycleDisk } from './options.ts';

/** Others that may write the record at the same time before it is given up. */
const RACES = 5;

/**
 * Marks the points that may lack what change tracking left out: those that were made by changes alone since
 * the disk was last read as a whole. Which of them lack it can't be told. That it couldn't be noted down is a
 * warning.
 *
 * @param previous the newest point before this cycle's
 */
export async function markSuspects(
  vm: VmRepository,
  previous: Point | undefined,
  disks: readonly CycleDisk[],
): Promise<Diagnostic[]> {
  const concerned = disks.filter(({ untold = 0 }) => untold > 0).map(({ label }) => label);
  if (concerned.length === 0 || !previous) return [];
  try {
    const points = (await vm.points(() => {})).filter(one => one.generation <= previous.generation);
    const suspects = concerned.flatMap(label => sinceRead(points, label));
    for (let race = 0; race < RACES; race++) {
      const before = await vm.damage.read();
      if (await vm.damage.write(withSuspects(before?.record, suspects), before?.etag))
        return suspects.length > 0 ? [suspected(suspects)] : [];
    }
    throw new Failure(world('list-changed', 'others keep changing the record of damage'));
  } catch (error) {
    return diagnosticsOf(error, 'damage-not-noted').map(one =>
      warning({ ...one, message: own`which points are suspect could not be noted down: ${one.message}` }),
    );
  }
}

/** From the newest back to the one before which the disk was read as a whole. */
function sinceRead(points: readonly Point[], label: string): PointId[] {
  const found: PointId[] = [];
  for (const { id, generation, disks } of points.toReversed()) {
    const disk = disks.find(one => one.label === label);
    if (disk?.mode !== 'incremental') break;
    found.push({ id, generation });
  }
  return found;
}

const suspected = (points: readonly PointId[]): Diagnostic =>
  warning(
    world(
      'points-suspect',
      `${plural(new Set(points.map(({ id }) => id)).size, 'earlier point')} may lack what change tracking left out: ${points.map(({ id }) => id).join(', ')}`,
      { hint: 'restore the newest point, or one from before them' },
    ),
  );
