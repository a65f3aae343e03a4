import type { Listener, RunEvent } from '../../engine/events.ts';
import { duration } from '../../io/units.ts';
import type { Output } from '../io.ts';

const words = {
  changed: 'changed',
  refreshed: 'refreshed',
  unchanged: 'unchanged',
  failed: 'FAILED',
  skipped: 'skipped',
  noop: 'would change',
} as const;

/** How one finished resource reads, in the plain log and on a terminal alike. */
export function finishedLine(event: Extract<RunEvent, { type: 'finished' }>): string {
  const said = event.note ?? event.diagnostic?.message.split('\n')[0];
  return `${event.address}: ${words[event.result]}${said ? `, ${said}` : ''} (${duration(event.took)})`;
}

/** One line per thing that happened: for logs, CI and hooks. */
export function plainProgress(output: Output): Listener {
  return event => {
    if (event.type === 'started') output.write(`${event.address}: ${event.action} ...\n`);
    if (event.type === 'finished') output.write(`${finishedLine(event)}\n`);
    if (event.type === 'interrupted') {
      output.write(`${event.signal}: finishing or undoing what runs; nothing new is started\n`);
    }
  };
}
