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

/** How often: `every 15 minutes`, `every hour`, `15m`. Returns the interval in milliseconds, above zero, or undefined. */
export function parseSchedule(text: string): number | undefined {
  const span = text
    .trim()
    .toLowerCase()
    .replace(/^every\s+/, '')
    .replace(/^(?=[a-z])/, '1 ');
  return parseDuration(span) || undefined;
}

const anyCase = (word: string): string =>
  [...word].map(letter => `[${letter}${letter.toUpperCase()}]`).join('');

/** As a regular expression without flags, lookahead or classes beyond ASCII: for any validator of JSON Schema. */
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
