import { Cron } from 'croner';

const lines = new Map<string, Cron | undefined>();

/**
 * When a cron line of five fields is next due, strictly after `after`; undefined when it never is. Times are
 * ms since the epoch. What the clocks skip counts as the moment after the gap, what they repeat as its first,
 * unless hour or minute is open (`*`): then every one of them counts.
 */
export function nextRun(line: string, timezone: string, after: number): number | undefined {
  const cron = open(line, timezone);
  if (!cron) return undefined;
  const next = cron.nextRun(new Date(after))?.getTime();
  // It counts in whole seconds.
  return next === undefined || next > after ? next : cron.nextRun(new Date(next + 1_000))?.getTime();
}

/** Whether it is a cron line of five fields. */
export const isCron = (line: string): boolean => open(line, 'UTC') !== undefined;

function open(line: string, timezone: string): Cron | undefined {
  const name = `${timezone} ${line}`;
  if (!lines.has(name)) lines.set(name, parse(line, timezone));
  return lines.get(name);
}

function parse(line: string, timezone: string): Cron | undefined {
  try {
    return new Cron(line, { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
  } catch {
    return undefined;
  }
}
