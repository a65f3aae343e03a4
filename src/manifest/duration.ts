import { Failure, given } from '../diagnostics/diagnostic.ts';

const units: [names: string[], ms: number][] = [
  [['w', 'week', 'weeks'], 604_800_000],
  [['d', 'day', 'days'], 86_400_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['m', 'min', 'minute', 'minutes'], 60_000],
  [['s', 'sec', 'second', 'seconds'], 1_000],
];
const grammar = 'whole numbers with w, d, h, m or s, or the words, largest first';

/**
 * The one duration grammar: `15m`, `15 minutes`, `1h30m`, `1 hour 30 minutes`. Returns milliseconds.
 * Throws a `bad-duration` Failure that says the grammar.
 */
export function parseDuration(text: string): number {
  const total = sum(text.trim().toLowerCase());
  if (total === undefined)
    throw new Failure(
      given('bad-duration', `expected a duration such as 15m or 1h30m, found \`${text}\``, {
        hint: `a duration is ${grammar}: 90s, 15 minutes, 1h30m, 2 days`,
      }),
    );
  return total;
}

/**
 * How often: `every 15 minutes`, `every hour`, `15m`. Returns the interval in milliseconds, at least
 * one second. Throws a `bad-schedule` Failure that says the grammar.
 */
export function parseSchedule(text: string): number {
  const span = text
    .trim()
    .toLowerCase()
    .replace(/^every\s+/, '')
    .replace(/^(?=[a-z])/, '1 ');
  const interval = sum(span);
  if (interval === undefined || interval === 0)
    throw new Failure(
      given('bad-schedule', `expected a schedule such as every 15 minutes, found \`${text}\``, {
        hint: `a schedule is \`every\` and a duration longer than zero (${grammar}): every 15 minutes, every 1h30m, every day`,
      }),
    );
  return interval;
}

/** Milliseconds, or undefined when `text` isn't a duration. Units fall, none comes twice. */
function sum(text: string): number | undefined {
  if (!/^(\d{1,9}\s*[a-z]+\s*)+$/.test(text)) return undefined;
  let total = 0;
  let largest = -1;
  for (const [, count, name] of text.matchAll(/(\d+)\s*([a-z]+)/g)) {
    const index = units.findIndex(([names]) => names.includes(name!));
    if (index <= largest) return undefined;
    largest = index;
    total += Number(count) * units[index]![1];
  }
  return total;
}
