import { anyCase, durationGrammar, durationWords, parseDuration, type Wanted } from '../io/duration.ts';
import { isCron, nextRun } from './cron.ts';

/** How often: by the age of what there is, or by the calendar (a cron line of five fields). */
export type Schedule = { every: number } | { cron: string };

const days: Readonly<Record<string, string>> = {
  day: '*',
  weekday: '1-5',
  monday: '1',
  tuesday: '2',
  wednesday: '3',
  thursday: '4',
  friday: '5',
  saturday: '6',
  sunday: '0',
};

const timeOfDay = '([01]?[0-9]|2[0-3]):([0-5][0-9])';
const daily = new RegExp(`^every\\s+(${Object.keys(days).join('|')})\\s+at\\s+${timeOfDay}$`);

/**
 * `every 15 minutes`, `15m`, `every day at 02:00`, `every monday at 23:30`, `cron 0 2 * * 1-5`. Undefined for
 * anything else, for an interval of no length, and for a cron line that no date fits.
 */
export function parseSchedule(text: string): Schedule | undefined {
  const words = text.trim().toLowerCase();
  const line = cronOf(words);
  if (line !== undefined) return isCron(line) && comesAbout(line) ? { cron: line } : undefined;
  const [, day, hour, minute] = daily.exec(words) ?? [];
  if (day !== undefined) return { cron: `${Number(minute)} ${Number(hour)} * * ${days[day]}` };
  const every = parseDuration(words.replace(/^every\s+/, '').replace(/^(?=[a-z])/, '1 '));
  return every ? { every } : undefined;
}

const cronOf = (words: string): string | undefined => /^cron\s+(.+)$/.exec(words)?.[1]?.trim().toUpperCase();

/** In twenty-eight years every weekday has met every date, 29 February too. */
const firstDate = Date.UTC(2000, 0);
const lastDate = Date.UTC(2028, 0, 2);

const comesAbout = (line: string): boolean => (nextRun(line, 'UTC', firstDate) ?? lastDate) < lastDate;

/** Days with runs that are looked at: more than a year of days, or as many months as the gaps have forms. */
const mostDays = 400;

const gaps = new Map<string, number>();

/** The longest time between two runs in ms, by a clock that nobody changes. */
export function longestGap(schedule: Schedule): number {
  if ('every' in schedule) return schedule.every;
  const known = gaps.get(schedule.cron);
  if (known !== undefined) return known;
  const longest = gapOf(schedule.cron);
  gaps.set(schedule.cron, longest);
  return longest;
}

/** Days by their first runs, which are alike within: a line every minute would hide its weekends. */
function gapOf(line: string): number {
  const day = 86_400_000;
  const runAfter = (after: number) => nextRun(line, 'UTC', after) ?? Number.POSITIVE_INFINITY;
  let first = runAfter(firstDate - 1);
  const midnight = (Math.floor(first / day) + 1) * day;
  let last = first;
  let longest = 0;
  for (let next = runAfter(first); next < midnight; next = runAfter(next)) {
    longest = Math.max(longest, next - last);
    last = next;
  }
  const span = last - first;
  for (let n = 0; n < mostDays; n++) {
    const next = runAfter((Math.floor(first / day) + 1) * day - 1);
    if (next > lastDate) break;
    longest = Math.max(longest, next - first - span);
    first = next;
  }
  return longest;
}

/** For a text that `parseSchedule` refuses. */
export function scheduleWanted(text: string): Wanted {
  const words = text.trim().toLowerCase();
  const expected = 'a schedule such as every 15 minutes';
  const line = cronOf(words) ?? (/^(\s*[\d*,/?#lw-]+){5}\s*$/.test(words) ? words : undefined);
  if (line !== undefined) return { expected, hint: cronHint(line, cronOf(words) === undefined) };
  const forms = `a schedule is \`every\` and a duration above zero (${durationWords}), \`every day at 02:00\` (or \`weekday\`, \`monday\` ...), or \`cron\` and its five fields`;
  return { expected, hint: `${forms}: every 15 minutes, every day at 02:00, cron 30 1 * * 1-5` };
}

function cronHint(line: string, isBare: boolean): string {
  if (!isCron(line))
    return '`cron` takes five fields, minute (0-59), hour (0-23), day (1-31), month (1-12) and weekday (0-7 or names), with lists, ranges and steps: cron */15 8-18 * * mon-fri';
  if (!comesAbout(line)) return `no date there is fits \`${line}\`: it would never run`;
  return isBare ? `write \`cron\` before it, in quotes: "cron ${line}"` : 'write it like cron 0 2 * * *';
}

const words = (list: readonly string[]): string => list.map(anyCase).join('|');

/**
 * What `parseSchedule` takes, for editors, and besides `every 0m` and what only looks like cron: a regular
 * expression without flags, lookahead or classes beyond ASCII.
 */
export const schedulePattern = `^\\s*((${anyCase('every')}\\s+)?${durationGrammar('([0-9]{1,9}\\s*)?')}|${anyCase('every')}\\s+(${words(Object.keys(days))})\\s+${anyCase('at')}\\s+${timeOfDay}\\s*$|${anyCase('cron')}\\s+\\S+(\\s+\\S+){4}\\s*$)`;
