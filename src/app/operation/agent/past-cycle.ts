import type { PastCycle } from '../../../operation/history.ts';
import { leadingMode } from '../../../replication/model/point.ts';
import { breachedAfter } from '../../../schedule/due.ts';
import type { VmDuty } from '../site/duties.ts';
import type { Moved } from './move-duty.ts';

/** What of a VM that was moved is worth keeping; undefined: nothing came about. */
export function pastCycle(
  { declared }: VmDuty,
  moved: Moved,
  times: { id: string; began: number; ended: number },
): PastCycle | undefined {
  const base = { vm: declared.title, ...times };
  if ('cycle' in moved) {
    const { point, numbers } = moved.cycle;
    const { uuid, name } = point.vm;
    const { time, generation } = point;
    const until = breachedAfter(declared.timetable, declared.rpo, time);
    const made = { uuid, name, time, generation, ...leadingMode(point), until };
    return { ...base, made: { ...made, read: numbers.bytes_read, uploaded: numbers.bytes_uploaded } };
  }
  if (!('diagnostics' in moved)) return undefined;
  const [first] = moved.diagnostics;
  return { ...base, failed: { code: first?.code ?? 'failed', message: first?.message ?? '' } };
}
