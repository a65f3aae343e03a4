const units: [names: string[], ms: number][] = [
  [['w', 'week', 'weeks'], 604_800_000],
  [['d', 'day', 'days'], 86_400_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['m', 'min', 'minute', 'minutes'], 60_000],
  [['s', 'sec', 'second', 'seconds'], 1_000],
];

/**
 * The one duration grammar: `15m`, `15 minutes`, `1h30m`, `1 hour 30 minutes`. Returns milliseconds,
 * undefined when `text` isn't a duration. Units fall, none comes twice.
 */
export function parseDuration(text: string): number | undefined {
  const words = text.trim().toLowerCase();
  if (!/^(\d{1,9}\s*[a-z]+\s*)+$/.test(words)) return undefined;
  let total = 0;
  let largest = -1;
  for (const [, count, name] of words.matchAll(/(\d+)\s*([a-z]+)/g)) {
    const index = units.findIndex(([names]) => names.includes(name!));
    if (index <= largest) return undefined;
    largest = index;
    total += Number(count) * units[index]![1];
  }
  return total;
}

/**
 * How often: `every 15 minutes`, `every hour`, `15m`. Returns the interval in milliseconds, above zero, or
 * undefined.
 */
export function parseSchedule(text: string): number | undefined {
  const span = text
    .trim()
    .toLowerCase()
    .replace(/^every\s+/, '')
    .replace(/^(?=[a-z])/, '1 ');
  return parseDuration(span) || undefined;
}

/** What is said about a text that isn't one: what was expected, and what can be written. */
export interface Wanted {
  expected: string;
  hint: string;
}

const words = 'whole numbers with w, d, h, m or s, or these words in full, largest first';

export const durationWanted: Wanted = {
  expected: 'a duration such as 15m or 1h30m',
  hint: `a duration is ${words}: 90s, 15 minutes, 1h30m`,
};

/** For a text that `parseSchedule` refuses; one that speaks of the calendar is told what comes closest. */
export function scheduleWanted(text: string): Wanted {
  const interval = `a schedule is \`every\` and a duration above zero (${words}): every 15 minutes, every day`;
  const hint = calendar.test(text)
    ? `${interval}; times of day, days of the week and cron lines can't be written. ${closest(text)}`
    : interval;
  return { expected: 'a schedule such as every 15 minutes', hint };
}

/** Times, days, months, the five fields of cron, and its shorthands. */
const calendar =
  /\d:\d|\bat\b|\bcron\b|^\s*@|\*|^(\s*[\d,/-]+){5}|noon|\b(mid)?nights?\b|[ap]m\b|daily|hourly|weekly|month|year|week-?days?|(mon|tues|wednes|thurs|fri|satur|sun)days?/i;

/** A window says when a cycle may run, which is what most who write a time of day want. */
function closest(text: string): string {
  const [, hour, minute] = /\b([01]?\d|2[0-3]):([0-5]\d)\b/.exec(text) ?? [];
  const from = hour === undefined ? 2 : Number(hour);
  const at = (hours: number) => `"${String(hours % 24).padStart(2, '0')}:${minute ?? '00'}"`;
  return `For a time of day, write \`schedule: every day\` and \`window: { from: ${at(from)}, to: ${at(from + 2)} }\` beside it, and run converge within the window`;
}

const anyCase = (word: string): string =>
  [...word].map(letter => `[${letter}${letter.toUpperCase()}]`).join('');

/**
 * As a regular expression without flags, lookahead or classes beyond ASCII: for any validator of JSON Schema.
 */
const grammar = (count: string): string => {
  const part = (names: string[]) => `[0-9]{1,9}\\s*(${names.toReversed().map(anyCase).join('|')})\\s*`;
  const first = units.map(([names], index) => {
    const smaller = units.slice(index + 1).map(([others]) => `(${part(others)})?`);
    return part(names).replace('[0-9]{1,9}\\s*', count) + smaller.join('');
  });
  return `(${first.join('|')})$`;
};

/** What `parseDuration` takes, for editors. */
export const durationPattern = `^\\s*${grammar('[0-9]{1,9}\\s*')}`;

/** What `parseSchedule` takes, for editors, and `every 0m` besides. */
export const schedulePattern = `^\\s*(${anyCase('every')}\\s+)?${grammar('([0-9]{1,9}\\s*)?')}`;
