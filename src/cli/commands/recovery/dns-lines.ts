import type { FailoverPlan } from '../../../app/recovery/failover-plan.ts';
import { type SwitchedRecord, valueWords } from '../../../recovery/model/dns.ts';

/** What is about to be switched. */
export function plannedRecordLine({
  name,
  type,
  zone,
  ttl,
  vm,
  address,
  literal,
  was,
}: NonNullable<FailoverPlan['dns']>[number]): string {
  const to = vm === undefined ? literal : `the ${address ?? 'IPv6'} address of ${vm} in EC2`;
  return `  DNS, when every probe has passed: ${name} ${type} in ${zone}: ${valueWords(was)} -> ${to} (ttl ${ttl})`;
}

/** What was switched. */
export function switchedLines(switched: readonly SwitchedRecord[] | undefined): string[] {
  if (!switched) return [];
  if (switched.length === 0) return ['no record of DNS was switched, since not every probe passed'];
  return [
    ...switched.map(
      ({ name, type, old, to }) => `DNS: ${name} ${type}: ${valueWords(old)} -> ${valueWords(to)}`,
    ),
    'Route 53 has taken that; its servers have it within about a minute, and others when their ttl is over',
  ];
}

/** What stays switched for good. */
export const keptLines = (switched: readonly SwitchedRecord[]): string[] =>
  switched.map(({ name, type, to }) => `DNS: ${name} ${type} stays ${valueWords(to)}`);
