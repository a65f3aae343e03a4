import type { FailoverStatus } from '../../../app/recovery/failover-status.ts';
import { bytes, duration, plural } from '../../../io/units.ts';
import { leftCost, leftWords } from '../../../recovery/failover/left.ts';
import { valueWords } from '../../../recovery/model/dns.ts';
import type { ReplicaAge } from '../../../recovery/replica/age.ts';
import { kindOf, type RunStep } from '../../../recovery/run/run.ts';
import { putBackLine } from './dns-lines.ts';
import { originLines } from './from-repository.ts';
import { elsewhereWords } from './outcome-lines.ts';

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
    ...steps.map(step => `${new Date(step.at).toISOString()}  ${words(step)}`),
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

function words(step: RunStep): string {
  switch (step.what) {
    case 'scheduled':
      return `made sure of its end at ${new Date(step.fires).toISOString()} (${step.name})`;
    case 'proven':
      return `nothing leads out of ${step.subnets.map(({ id }) => id).join(', ')}`;
    case 'refused':
      return `${step.vm} was not launched: ${step.why}`;
    case 'retry':
      return `tried again: ${step.vms.join(', ') || 'nothing had failed'}${step.anew.length > 0 ? `; as other instances: ${step.anew.join(', ')}` : ''}`;
    case 'prober':
      return `asked for a prober, with ${plural(step.probes, 'probe')}`;
    case 'importing':
      return `asked for an import of ${step.vm} (${step.task})`;
    case 'imported':
      return `imported ${step.vm} as ${step.image}`;
    case 'import-failed':
      return `${step.vm} was not imported: ${step.why}`;
    case 'launched':
      return `launched ${step.vm} as ${step.instance}${elsewhereWords(step)}`;
    case 'swapped':
      return `${step.instance} holds the disks of ${step.vm} alone`;
    case 'probed':
      return `probed ${step.vm}: ${step.results.map(({ probe, outcome }) => `${probe} ${outcome}`).join(', ')}`;
    case 'dns-switching':
      return `about to switch ${step.records.map(one => `${one.name} ${one.type}: ${valueWords(one.old)} -> ${valueWords(one.to)}`).join('; ')}`;
    case 'dns-switched':
      return `switched ${step.names.join(', ')}`;
    case 'dns-back':
      return step.records.map(putBackLine).join('; ');
    case 'finished':
      return `${step.ok ? 'passed' : 'did not pass'} after ${duration(step.took)}`;
    case 'failback':
      return `${step.vm} (${step.instance}) is being brought home: nobody starts it again`;
    case 'new-vm':
      return `about to make ${step.name} at home in the place of ${step.vm}`;
    case 'frozen':
      return `${step.vm} is at rest in ${step.disks.map(({ snapshot }) => snapshot).join(', ')}`;
    case 'brought':
      return `${step.vm} is home: ${bytes(step.bytes)} written there, read back and compared`;
    case 'committed':
      return 'committed: those of its machines stay that are not home';
    case 'undoing':
      return 'being undone';
    case 'ending':
      return `${step.vm} is being ended alone`;
    case 'ended':
      return `nothing of ${step.vm} is left in EC2: ${plural(step.instances, 'instance')}, ${plural(step.images, 'image')} removed`;
    case 'removing':
      return `about to remove ${[...step.instances, ...step.images, ...step.groups, ...step.schedules].join(', ')}`;
    case 'left':
      return `could not remove ${leftWords(step.things)}; ${leftCost(step.things)}`;
    case 'cleaned':
      return `cleaned up: ${plural(step.instances, 'instance')}, ${plural(step.images, 'image')}, ${plural(step.groups ?? 0, 'security group')}, ${plural(step.schedules, 'tear-down entry', 'tear-down entries')}`;
  }
}
