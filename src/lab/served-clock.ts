import { readFileSync } from 'node:fs';
import type { Clock } from '../io/ports.ts';
import { labClock } from './clock.ts';
import { fileOf, type LabSettings } from './settings.ts';

/** How old what is known of the offset may be, ms of the machine's clock. */
const fresh = 200;

/**
 * The clock of a lab that another process serves, as it is set now: an agent that goes on for hours sees
 * `converge lab clock`. While the file can't be read it stays as it was.
 */
export function servedClock(dir: string, clock: Clock, settings: Pick<LabSettings, 'clockOffset'>): Clock {
  let offset = settings.clockOffset;
  let readAt = clock.now();
  return labClock(clock, () => {
    if (Math.abs(clock.now() - readAt) < fresh) return offset;
    readAt = clock.now();
    try {
      offset = (JSON.parse(readFileSync(fileOf(dir), 'utf8')) as LabSettings).clockOffset ?? offset;
    } catch {
      // As it was.
    }
    return offset;
  });
}
