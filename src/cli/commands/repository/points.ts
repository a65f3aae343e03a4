import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { type ListedPoints, listPoints } from '../../../app/repository/list-points.ts';
import { bytes } from '../../../io/units.ts';
import { untilWords } from '../../../replication/model/object-lock.ts';
import type { PointSummary } from '../../../replication/model/point.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';
import { table } from '../../text/table.ts';

interface PointsOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
}

export const points: Define = (program, context, exit) => {
  const command = program
    .command('points [VM] [PATHS...]')
    .description('list the recovery points of a repository, oldest first');
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge points dc02 manifests\n  converge points dc02 --repository s3://gdh-vm-replication/dr',
    )
    .action(async (name: string | undefined, rest: string[], options: PointsOptions) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...rest], options.vm);
      const listed = await listPoints(context, vm, { ...options, paths });
      if (!listed) return exit(1);
      if (options.format === 'json') context.printJson(`${JSON.stringify(listed.points, null, 2)}\n`);
      else context.print(asTable(listed, context.columns));
      exit(0);
    });
};

/** With the UUID where one name stands for several VMs. */
function asTable({ points, now, held }: ListedPoints, columns?: number): string[] {
  if (points.length === 0) return ['no recovery points'];
  const uuids = new Map<string, Set<string>>();
  for (const { vm } of points) uuids.set(vm.name, (uuids.get(vm.name) ?? new Set()).add(vm.uuid));
  const ambiguous = [...uuids.values()].some(({ size }) => size > 1);
  const locked = points.some(({ locked_until }) => locked_until !== undefined);
  const rows = table(
    [
      'ID',
      'VM',
      ...(ambiguous ? ['UUID'] : []),
      'TIME',
      'AGE',
      'CONSISTENCY',
      'MODE',
      'STORED',
      ...(locked ? ['LOCKED UNTIL'] : []),
      'DISKS',
    ],
    points.map(point => [
      `${point.id}${point.broken ? brokenWord(point) : ''}${point.suspect ? ' SUSPECT' : ''}${point.signal ? ` JUMP (${point.signal})` : ''}${point.pinned ? ` PINNED (${point.pinned.join(', ')})` : ''}`,
      point.vm.name,
      ...(ambiguous ? [point.vm.uuid] : []),
      point.time,
      age(now - Date.parse(point.time)),
      point.consistency,
      point.mode === 'incremental' ? 'incremental' : `${point.mode} (${point.reason})`,
      point.stored === undefined ? '?' : bytes(point.stored),
      ...(locked ? [point.locked_until?.slice(0, 16).concat('Z') ?? '-'] : []),
      point.disks.map(disk => `${disk.index}: ${bytes(disk.bytes)}`).join(', '),
    ]),
    columns,
  );
  const named = new Map(points.map(({ vm }) => [vm.uuid, vm.name]));
  return [
    ...rows,
    ...points.flatMap(point => (point.verified ? [checkedLine(point, now)] : [])),
    ...held.flatMap(({ vm, until, why }) =>
      named.has(vm)
        ? [`${named.get(vm)}: nothing is removed ${untilWords(until)}${why ? ` (${why})` : ''}`]
        : [],
    ),
  ];
}

const brokenWord = ({ broken_why: why }: PointSummary): string => ` BROKEN${why ? ` (${why})` : ''}`;

/** When it was last looked whether a VM's newest point is whole, by cycles and by verifications. */
function checkedLine({ vm, presence, verified = {} }: PointSummary, now: number): string {
  const since = (time: string) => `${age(now - Date.parse(time))} ago`;
  const looks = Object.entries(verified).map(([level, time]) => `${level} ${since(time)}`);
  const seen = presence === undefined ? 'never looked' : `looked ${since(presence)}`;
  return `${vm.name}: a cycle ${seen} whether all is there; verified: ${looks.join(', ') || 'never'}`;
}

/** `3 h`, `12 d`: one unit is enough to look at. */
function age(ms: number): string {
  if (ms < 0) return 'in the future';
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
