import type { Lines } from '../../diagnostics/lines.ts';
import type { RunEvent } from '../../engine/model/events.ts';
import { duration } from '../../io/units.ts';
import { waitingText } from '../text/waiting.ts';
import { amounts } from './amount.ts';
import type { Progress } from './progress.ts';

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
 * How one finished resource reads, in the plain log and on a terminal alike. What is behind the trouble of
 * many is told with the first of them.
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

/** Of resources that never began and ended alike, so many have lines of their own. */
const mostAlone = 3;

/**
 * One line per thing that happened, and one per tenth of what takes long: for logs, CI and hooks. What fails
 * for one cause, or is skipped, without having begun is told a few times and counted.
 */
export function plainProgress(
  say: (lines: Lines) => void,
  now: () => number,
): Pick<Progress, 'listener' | 'done'> {
  const amount = amounts(now);
  const lineOf = finishedLines();
  const tenths = new Map<string, number>();
  const begun = new Set<string>();
  const alike = new Map<string, { line: string; count: number }>();
  const finished = (event: Finished) => {
    const like = begun.has(event.address) ? undefined : likeness(event);
    const { count } = (like && alike.get(like.key)) ?? { count: 0 };
    if (like) alike.set(like.key, { line: like.line, count: count + 1 });
    if (count < mostAlone) say([lineOf(event)]);
  };
  return {
    listener: event => {
      if (event.type === 'progress' && (event.progress.total ?? 0) >= worthTelling) {
        const { what, done = 0, total = 1 } = event.progress;
        const key = `${event.address} ${what}`;
        const known = amount(key, event.progress);
        const tenth = Math.floor((10 * done) / total);
        if (tenth > (tenths.get(key) ?? 0)) say([`${event.address}: ${what} ${known}`]);
        tenths.set(key, tenth);
      }
      if (event.type === 'started') {
        begun.add(event.address);
        say([`${event.address}: ${event.action} ...`]);
      }
      if (event.type === 'finished') finished(event);
      if (event.type === 'waiting' || event.type === 'resumed') say([waitingText(event)]);
      if (event.type === 'interrupted')
        say([`${event.signal}: finishing or undoing what runs; nothing new is started`]);
    },
    async done() {
      for (const { line, count } of alike.values())
        if (count > mostAlone) say([`${count - mostAlone} more ${line}`]);
      alike.clear();
    },
  };
}

/** What makes two ends the same to who reads them; undefined for one that has to be told. */
function likeness({ result, diagnostic }: Finished) {
  if (result === 'failed' && diagnostic)
    return { key: `failed ${diagnostic.code} ${diagnostic.message}`, line: 'FAILED for the same reason' };
  if (result === 'failed') return { key: 'failed', line: 'FAILED' };
  return result === 'skipped' ? { key: 'skipped', line: 'skipped like these' } : undefined;
}
