import type { PointSummary } from '../../replication/model/point.ts';
import type { Point } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { withVms } from './with-repository.ts';

/** The recovery points of a repository, or of one VM in it, oldest first. What is damaged is told. */
export const listPoints = (
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions,
): Promise<PointSummary[]> =>
  withVms(context, options, vm, async (_, vms, onDamage) => {
    const perVm = await Promise.all(vms.map(one => one.points(onDamage)));
    return oldestFirst(perVm).map(summarise);
  });

/**
 * By time, but within a VM by generation: a clock that was set back must not make an older point look
 * like the newest. `perVm`: each in ascending generation.
 */
export function oldestFirst(perVm: Point[][]): Point[] {
  const ranked = perVm.flatMap(points => {
    let reached = Number.NEGATIVE_INFINITY;
    return points.map(point => {
      reached = Math.max(reached, point.time);
      return { point, reached };
    });
  });
  return ranked
    .sort((a, b) => a.reached - b.reached || a.point.generation - b.point.generation)
    .map(({ point }) => point);
}

/** A point's mode is the most thorough of its disks', with that disk's reason. */
function summarise(point: Point): PointSummary {
  const { id, vm, generation, time, consistency, disks } = point;
  const order = ['incremental', 'rescan', 'full'];
  const leading = disks.toSorted((a, b) => order.indexOf(b.mode) - order.indexOf(a.mode))[0];
  return {
    id,
    vm,
    generation,
    time: new Date(time).toISOString(),
    consistency,
    mode: leading?.mode ?? 'full',
    reason: leading?.reason ?? '',
    disks: disks.map(({ index, key, bytes }) => ({ index, key, bytes })),
  };
}
