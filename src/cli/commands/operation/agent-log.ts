import { type Command, Option } from 'commander';
import type { Heard } from '../../../app/operation/agent/telling.ts';
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';

/** How an agent or a worker tells what it does. */
export interface LogOptions {
  logFormat?: 'text' | 'json';
}

export const withLogFormat = (command: Command): Command =>
  command.addOption(
    new Option('--log-format <FORMAT>', 'of PATHS: text, or a line of JSON for each thing').choices([
      'text',
      'json',
    ]),
  );

const time = (ms: number): string => new Date(ms).toISOString();

/**
 * What an agent tells as one line of JSON: when, how grave, what it is about, and the id of the cycle in all
 * that is about one.
 *
 * @param at milliseconds since the epoch
 */
export const logLine = (heard: Heard, at: number): string => `${JSON.stringify(logged(heard, time(at)))}\n`;

function logged(heard: Heard, at: string): object {
  const line = (level: 'info' | 'warning' | 'error', more: object) => ({
    ...{ time: at, level, event: heard.type },
    ...more,
  });
  const told = (diagnostics: readonly Diagnostic[], more: object = {}) =>
    line(diagnostics.length > 0 ? worst(diagnostics) : 'info', {
      ...more,
      diagnostics: diagnostics.map(inShort),
    });
  switch (heard.type) {
    case 'begins': {
      const { vms, slots, next } = heard;
      return line('info', { vms, slots, ...(next !== undefined && { next: time(next) }) });
    }
    case 'moves': {
      const { cycle, vm, address } = heard;
      return line('info', { cycle, vm, address });
    }
    case 'moved': {
      const { cycle, moved } = heard;
      const base = { cycle, vm: moved.vm, address: moved.address };
      if ('diagnostics' in moved) {
        const { made, diagnostics } = moved;
        const point = made !== undefined && { point: { generation: made } };
        return told(diagnostics, { ...base, result: 'failed', ...point });
      }
      if (!('cycle' in moved)) return line('info', { ...base, result: Object.keys(moved).at(-1) });
      const { point, numbers, disks, warnings } = moved.cycle;
      return told(warnings, {
        ...base,
        result: 'made',
        point: { id: point.id, generation: point.generation, time: time(point.time) },
        ...{ consistency: point.consistency, numbers },
        disks: disks.map(({ mode, reason }) => ({ mode, reason })),
      });
    }
    case 'unseen':
    case 'broken':
      return told(heard.diagnostics);
    case 'job-failed':
      return told(heard.diagnostics, { job: heard.job });
    case 'taken-up':
      return line('info', { vms: heard.vms });
    case 'held':
      return line(heard.held.length > 0 ? 'warning' : 'info', { held: heard.held });
    case 'job': {
      const { job, subject, outcome, found, diagnostics } = heard.done;
      const more = {
        job,
        ...(subject !== undefined && { subject }),
        ...(outcome !== undefined && { outcome }),
      };
      const all = { ...more, found, diagnostics: diagnostics.map(inShort) };
      return line(diagnostics.length > 0 ? worst(diagnostics) : found > 0 ? 'warning' : 'info', all);
    }
    case 'works':
      return line('info', { vms: heard.vms, slots: heard.slots });
    case 'queue':
      return told(heard.why);
    case 'waits': {
      const { target, why } = heard;
      return line(why === undefined ? 'info' : 'warning', { target, ...(why !== undefined && { why }) });
    }
    case 'ended':
      return line('info', { how: heard.how });
  }
}

const worst = (diagnostics: readonly Diagnostic[]): 'warning' | 'error' =>
  diagnostics.some(({ severity }) => severity === 'error') ? 'error' : 'warning';

const inShort = ({ code, severity, message, hint, address }: Diagnostic): object => ({
  ...{ code, severity, message },
  ...(hint !== undefined && { hint }),
  ...(address !== undefined && { address }),
});
