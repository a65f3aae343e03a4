import type { Lines } from '../../diagnostics/lines.ts';
import type { Listener, RunEvent } from '../../engine/model/events.ts';
import { duration } from '../../io/units.ts';
import { amounts } from './amount.ts';

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

type Finished = Extract<RunEvent, { type: 'finished' }>;

/**
 * How one finished resource reads, in the plain log and on a terminal alike. What is behind the trouble of many is
 * told with the first of them.
 */
export function finishedLines(): (event: Finished) => string {
  const first = new Map<string, string>();
  return event => {
    const { address, note, diagnostic } = event;
    if (note !== undefined || !diagnostic) return finishedLine(event, note);
    const said = diagnostic.message.split('\n')[0]!;
    const key = diagnostic.cause ?? said;
    const teller = first.get(key);
    if (teller === undefined) first.set(key, address);
    return finishedLine(event, teller === undefined ? said : `for the same cause as ${teller}`);
  };
}

function finishedLine(event: Finished, said: string | undefined): string {
  return `${event.address}: ${words[event.result]}${said ? `, ${said}` : ''} (${duration(event.took)})`;
}

/** What takes less than this (bytes) ends before a line about it would help. */
const worthTelling = 256 * 2 ** 20;

/** One line per thing that happened, and one per tenth of what takes long: for logs, CI and hooks. */
export function plainProgress(say: (lines: Lines) => void, now: () => number): Listener {
  const amount = amounts(now);
  const finished = finishedLines();
  const tenths = new Map<string, number>();
  return event => {
    if (event.type === 'progress' && (event.progress.total ?? 0) >= worthTelling) {
      const { what, done = 0, total = 1 } = event.progress;
      const key = `${event.address} ${what}`;
      const known = amount(key, event.progress);
      const tenth = Math.floor((10 * done) / total);
      if (tenth > (tenths.get(key) ?? 0)) say([`${event.address}: ${what} ${known}`]);
      tenths.set(key, tenth);
    }
    if (event.type === 'started') say([`${event.address}: ${event.action} ...`]);
    if (event.type === 'finished') say([finished(event)]);
    if (event.type === 'interrupted') {
      say([`${event.signal}: finishing or undoing what runs; nothing new is started`]);
    }
  };
}
