import { printable } from '../../diagnostics/text-width.ts';
import type { RunEvent } from '../../engine/model/events.ts';
import { bytes, duration } from '../../io/units.ts';
import type { Output } from '../text/io.ts';
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

/** How one finished resource reads, in the plain log and on a terminal alike. */
export function finishedLine(event: Extract<RunEvent, { type: 'finished' }>): string {
  const said = event.note ?? event.diagnostic?.message.split('\n')[0];
  return printable(
    `${event.address}: ${words[event.result]}${said ? `, ${said}` : ''} (${duration(event.took)})`,
  );
}

/** What takes less than this (bytes) ends before a line about it would help. */
const worthTelling = 256 * 2 ** 20;

/** Of resources that never began and ended alike, so many have lines of their own. */
const mostAlone = 3;

/**
 * One line per thing that happened, and one per tenth of what takes long: for logs, CI and hooks. What fails for one
 * cause, or is skipped, without having begun is told a few times and counted.
 */
export function plainProgress(output: Output): Pick<Progress, 'listener' | 'done'> {
  const tenths = new Map<string, number>();
  const begun = new Set<string>();
  const alike = new Map<string, { line: string; count: number }>();
  const finished = (event: Extract<RunEvent, { type: 'finished' }>) => {
    const like = begun.has(event.address) ? undefined : likeness(event);
    const { count } = (like && alike.get(like.key)) ?? { count: 0 };
    if (like) alike.set(like.key, { line: like.line, count: count + 1 });
    if (count < mostAlone) output.write(`${finishedLine(event)}\n`);
  };
  return {
    listener: event => {
      if (event.type === 'progress' && (event.progress.total ?? 0) >= worthTelling) {
        const { what, done = 0, total = 1 } = event.progress;
        const tenth = Math.floor((10 * done) / total);
        if (tenth > (tenths.get(`${event.address} ${what}`) ?? 0)) {
          output.write(`${printable(`${event.address}: ${what}`)} ${bytes(done)} of ${bytes(total)}\n`);
        }
        tenths.set(`${event.address} ${what}`, tenth);
      }
      if (event.type === 'started') {
        begun.add(event.address);
        output.write(`${printable(event.address)}: ${event.action} ...\n`);
      }
      if (event.type === 'finished') finished(event);
      if (event.type === 'interrupted') {
        output.write(`${event.signal}: finishing or undoing what runs; nothing new is started\n`);
      }
    },
    async done() {
      for (const { line, count } of alike.values())
        if (count > mostAlone) output.write(`${count - mostAlone} more ${line}\n`);
      alike.clear();
    },
  };
}

/** What makes two ends the same to who reads them; undefined for one that has to be told. */
function likeness({ result, diagnostic }: Extract<RunEvent, { type: 'finished' }>) {
  if (result === 'failed' && diagnostic)
    return { key: `failed ${diagnostic.code} ${diagnostic.message}`, line: 'FAILED for the same reason' };
  if (result === 'failed') return { key: 'failed', line: 'FAILED' };
  return result === 'skipped' ? { key: 'skipped', line: 'skipped like these' } : undefined;
}
