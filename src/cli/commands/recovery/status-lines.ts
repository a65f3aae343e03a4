import type { FailoverStatus } from '../../../app/recovery/failover-status.ts';
import { duration, plural } from '../../../io/units.ts';
import type { RunStep } from '../../../recovery/failover/run.ts';
import { originLines } from './from-repository.ts';

/** What `failover status` prints. */
export function statusLines({ run, standing, from }: FailoverStatus): string[] {
  const { start, steps } = run;
  const { instances, images, volumes, foreign } = standing;
  return [
    ...originLines(from),
    `test ${start.number} of ${start.plan}, begun ${new Date(start.began).toISOString()} in ${start.subnet}`,
    ...start.groups.flatMap(({ machines }) =>
      machines.map(
        ({ vm, point, time }) => `  ${vm} from ${new Date(time).toISOString()} (${point.slice(0, 8)})`,
      ),
    ),
    ...steps.map(step => `${new Date(step.at).toISOString()}  ${words(step)}`),
    `there are ${plural(instances.length, 'instance')}, ${plural(volumes.length, 'volume')}, ${plural(images.length, 'image')}`,
    ...foreign.map(id => `${id} has the tag of this test, but isn't of it`),
  ];
}

function words(step: RunStep): string {
  switch (step.what) {
    case 'launched':
      return `launched ${step.vm} as ${step.instance}`;
    case 'swapped':
      return `${step.instance} holds the disks of ${step.vm} alone`;
    case 'probed':
      return `probed ${step.vm}: ${step.results.map(({ probe, outcome }) => `${probe} ${outcome}`).join(', ')}`;
    case 'finished':
      return `${step.ok ? 'passed' : 'did not pass'} after ${duration(step.took)}`;
    case 'cleaned':
      return `cleaned up: ${plural(step.instances, 'instance')}, ${plural(step.images, 'image')}`;
  }
}
