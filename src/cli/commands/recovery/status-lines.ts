import type { FailoverStatus } from '../../../app/recovery/failover-status.ts';
import { duration, plural } from '../../../io/units.ts';
import { stepWords } from '../../../recovery/evidence/step-words.ts';
import type { ReplicaAge } from '../../../recovery/replica/age.ts';
import { kindOf } from '../../../recovery/run/run.ts';
import { originLines } from './from-repository.ts';

/** What `failover status` prints. */
export function statusLines({ run, expires, standing, replicas, pictures, from }: FailoverStatus): string[] {
  const { start, steps } = run;
  const { instances, images, imports, uploads, volumes, snapshots, groups, schedules, fires, foreign } =
    standing;
  const there = [
    plural(instances.length, 'instance'),
    plural(volumes.length, 'volume'),
    plural(images.length, 'image'),
    plural(groups.length, 'security group'),
    ...(snapshots.length > 0 ? [`${plural(snapshots.length, 'snapshot')} of a way home`] : []),
    ...(imports.length > 0 ? [`${plural(imports.length, 'import')} under way`] : []),
    ...(uploads.length > 0 ? [`${plural(uploads.length, 'image')} of disks in S3`] : []),
  ];
  const isOver = run.steps.some(({ what }) => what === 'cleaned');
  return [
    ...originLines(from),
    `${kindOf(start)} ${start.number} of ${start.plan}, begun ${new Date(start.began).toISOString()}${start.kind ? '' : ` in ${[start.subnet, ...(start.else_subnets ?? [])].join(', ')}`}`,
    ...start.groups.flatMap(({ machines }) =>
      machines.map(
        ({ vm, point, time }) => `  ${vm} from ${new Date(time).toISOString()} (${point.slice(0, 8)})`,
      ),
    ),
    ...steps.map(step => `${new Date(step.at).toISOString()}  ${stepWords(step)}`),
    `now in EC2: ${there.join(', ')}`,
    ...(fires === undefined ? [] : [`${schedules.join(', ')} ends it at ${new Date(fires).toISOString()}`]),
    ...(isOver || fires !== undefined || expires === undefined
      ? []
      : [`to be over by ${new Date(expires).toISOString()}; nothing ends it by itself`]),
    ...replicas.map(replicaLine),
    ...pictures.map(path => `saved ${path}`),
    ...foreign.map(id => `${id} has the tag of this ${kindOf(start)}, but isn't of it`),
  ];
}

/** How far the snapshots of a machine are behind its points, and both behind now. */
function replicaLine({ vm, age, behind }: ReplicaAge): string {
  if (age === undefined) return `replica of ${vm}: there is none`;
  const lag = behind === 0 ? 'of its newest point' : `${plural(behind, 'point')} behind`;
  return `replica of ${vm}: ${duration(age)} old, ${lag}`;
}
