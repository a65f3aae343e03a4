import type { Lines } from '../../diagnostics/lines.ts';
import type { Listener, RunEvent } from '../../engine/model/events.ts';
import { bytes, duration } from '../../io/units.ts';

const words = {
  changed: 'changed',
  refreshed: 'refreshed',
  unchanged: 'unchanged',
  failed: 'FAILED',
  skipped: 'skipped',
  noop: 'would change',
  held: 'held',
  blocked: 'BLOCKED',
  interrupted: 'interrupted',
} as const;

/** How one finished resource reads, in the plain log and on a terminal alike. */
export function finishedLine(event: Extract<RunEvent, { type: 'finished' }>): string {
  const said = event.note ?? event.diagnostic?.message.split('\n')[0];
  return `${event.address}: ${words[event.result]}${said ? `, ${said}` : ''} (${duration(event.took)})`;
}

/** What takes less than this (bytes) ends before a line about it would help. */
const worthTelling = 256 * 2 ** 20;

/** One line per thing that happened, and one per tenth of what takes long: for logs, CI and hooks. */
export function plainProgress(say: (lines: Lines) => void): Listener {
  const tenths = new Map<string, number>();
  return event => {
    if (event.type === 'progress' && (event.progress.total ?? 0) >= worthTelling) {
      const { what, done = 0, total = 1 } = event.progress;
      const tenth = Math.floor((10 * done) / total);
      if (tenth > (tenths.get(`${event.address} ${what}`) ?? 0)) {
        say([`${event.address}: ${what} ${bytes(done)} of ${bytes(total)}`]);
      }
      tenths.set(`${event.address} ${what}`, tenth);
    }
    if (event.type === 'started') say([`${event.address}: ${event.action} ...`]);
    if (event.type === 'finished') say([finishedLine(event)]);
    if (event.type === 'interrupted') {
      say([`${event.signal}: finishing or undoing what runs; nothing new is started`]);
    }
  };
}
