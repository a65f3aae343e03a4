import type { Looked } from '../../../app/recovery/readiness.ts';
import { bytes, duration, plural } from '../../../io/units.ts';
import type { Finding, Source, Verdict } from '../../../recovery/readiness/facts.ts';
import { table } from '../../text/table.ts';

const order: readonly Verdict[] = ['not ready', 'unknown', 'ready'];

const sources: Record<Source, string> = {
  disk: 'disk',
  machine: 'record',
  guest: 'guest',
  EC2: 'EC2',
};

/** A table for each VM, what keeps it from being ready first, and what all of it came to. */
export function readinessLines(targets: readonly Looked[], columns?: number): string[] {
  const count = (wanted: Verdict) => targets.filter(({ verdict }) => verdict === wanted).length;
  const [all, asBefore, size, read] = (['count', 'asBefore', 'bytes', 'read'] as const).map(name =>
    targets.reduce((sum, { disks }) => sum + disks[name], 0),
  );
  return [
    ...targets.flatMap(one => [...targetLines(one, columns), '']),
    `${plural(targets.length, 'target')}: ${order.map(verdict => `${count(verdict)} ${verdict}`).join(', ')}`,
    `read ${bytes(read!)} of ${plural(all!, 'disk')} with ${bytes(size!)}; ${asBefore} ${asBefore === 1 ? 'is' : 'are'} as before`,
  ];
}

function targetLines({ vm, verdict, method, point, findings }: Looked, columns?: number): string[] {
  const sorted = [...findings].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const of = point ? `, as of ${new Date(point.time).toISOString()} (${point.id.slice(0, 8)})` : '';
  return [
    `${vm}: ${verdict}${of}`,
    `method ${method.name}: ${method.why}`,
    ...table(
      ['VERDICT', 'WHAT', 'FROM', 'WHY'],
      sorted.map(one => [one.verdict, one.what, from(one), one.why]),
      columns,
    ),
    ...sorted.flatMap(({ what, way_out }) =>
      way_out === undefined ? [] : [`way out (${what}): ${way_out}`],
    ),
  ];
}

const from = ({ source, age }: Finding): string =>
  age === undefined ? sources[source] : `${sources[source]}, ${duration(age)} ago`;
