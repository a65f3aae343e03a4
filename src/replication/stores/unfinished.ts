import { hash } from 'node:crypto';
import type { ProcessId, ProcessTable } from '../../io/handles/process-table.ts';

const PREFIX = '~put-';

export const isUnfinished = (name: string): boolean => name.startsWith(PREFIX);

/** The name of an unfinished write: what is at random in it, then its writer's number, machine and start. */
export const unfinishedName = (random: string, { pid, start, ...place }: ProcessId): string =>
  `${PREFIX}${random}.${pid}.${short(placeOf(place))}.${short(start)}`;

/** Whether its writer was a process of this machine, as it runs now, that is gone. */
export async function isForsaken(name: string, table: ProcessTable): Promise<boolean> {
  const [, number, place, start] = /\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
  if (number === undefined || place !== short(placeOf(await table.place()))) return false;
  const now = await table.startOf(Number(number));
  return now === undefined || (start !== short('unknown') && now !== 'unknown' && start !== short(now));
}

const placeOf = ({ host, machine, boot, namespace }: Omit<ProcessId, 'pid' | 'start'>): string =>
  JSON.stringify([host, machine, boot, namespace]);

const short = (text: string): string => hash('sha256', text).slice(0, 16);
