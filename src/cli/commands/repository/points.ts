import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { withVms } from '../../../app/with-repository.ts';
import { bytes } from '../../../io/units.ts';
import type { PointSummary } from '../../../replication/model/point.ts';
import type { Point } from '../../../replication/model/repository.ts';
import type { Define } from '../../define.ts';
import { withFormat, withLab, withRepository } from '../../options.ts';
import { table } from '../../table.ts';

export const points: Define = (program, context, exit) => {
  const command = program
    .command('points [VM]')
    .description('list the recovery points of a repository, oldest first');
  withLab(withFormat(withRepository(command)))
    .addHelpText('after', '\nExample:\n  converge points dc02 --repository s3://gdh-vm-replication/dr')
    .action(
      async (name: string | undefined, options: RepositoryOptions & CommonOptions & { format: string }) => {
        const listed = await withVms(context, options, name, async (_, vms, onDamage) => {
          const perVm = await Promise.all(vms.map(vm => vm.points(onDamage)));
          return oldestFirst(perVm).map(summarise);
        });
        const json = options.format === 'json';
        context.print(json ? `${JSON.stringify(listed, null, 2)}\n` : asTable(listed, context.columns));
        exit(0);
      },
    );
};

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

const asTable = (listed: PointSummary[], columns?: number): string =>
  listed.length === 0
    ? 'no recovery points\n'
    : table(
        ['ID', 'VM', 'TIME', 'CONSISTENCY', 'MODE', 'DISKS'],
        listed.map(point => [
          point.id,
          point.vm.name,
          point.time,
          point.consistency,
          point.mode === 'incremental' ? 'incremental' : `${point.mode} (${point.reason})`,
          point.disks.map(disk => `${disk.index}: ${bytes(disk.bytes)}`).join(', '),
        ]),
        columns,
      );
