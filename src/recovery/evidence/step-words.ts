import { bytes, duration, plural } from '../../io/units.ts';
import { leftCost, leftWords } from '../failover/left.ts';
import { type PutBack, valueWords } from '../model/dns.ts';
import type { Elsewhere, RunStep } from '../run/run.ts';

/** What a step of a run did, as a clause. */
export function stepWords(step: RunStep): string {
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

/** Of an instance that isn't of the type, or in the subnet, that was to be tried first. */
export const elsewhereWords = ({ type, subnet }: Elsewhere): string =>
  `${type === undefined ? '' : `, ${type}`}${subnet === undefined ? '' : `, in ${subnet}`}`;

/** What became of a record of DNS that was switched. */
export const putBackLine = ({ name, type, outcome, now }: PutBack): string =>
  outcome === 'back'
    ? `DNS: ${name} ${type}: put back: ${valueWords(now)}`
    : `DNS: ${name} ${type}: left alone, somebody has changed it since: ${valueWords(now)}`;
