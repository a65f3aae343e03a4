const units: [names: string[], ms: number][] = [
  [['y', 'year', 'years'], 365 * 86_400_000],
  [['w', 'week', 'weeks'], 604_800_000],
  [['d', 'day', 'days'], 86_400_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['m', 'min', 'minute', 'minutes'], 60_000],
  [['s', 'sec', 'second', 'seconds'], 1_000],
];

/** A thousand years, ms. What is longer, counted from now, would be a time that no date can say. */
const longest = 365_000 * 86_400_000;

/**
 * The one duration grammar: `15m`, `15 minutes`, `1h30m`, `1 hour 30 minutes`. Returns milliseconds,
 * undefined when `text` isn't a duration, or is longer than a thousand years. Units fall, none comes twice.
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
  return total <= longest ? total : undefined;
}

/** What is said about a text that isn't one: what was expected, and what can be written. */
export interface Wanted {
  expected: string;
  hint: string;
}

/** What a duration is made of, for messages. */
export const durationWords =
  'whole numbers with y (365 days), w, d, h, m or s, or these words in full, largest first';

export const durationWanted: Wanted = {
  expected: 'a duration such as 15m or 1h30m',
  hint: `a duration is ${durationWords}: 90s, 15 minutes, 1h30m`,
};

/** A word in any case, as part of a regular expression without flags. */
export const anyCase = (word: string): string =>
  [...word].map(letter => `[${letter}${letter.toUpperCase()}]`).join('');

/**
 * The end of a duration, as a regular expression without flags, lookahead or classes beyond ASCII: for any
 * validator of JSON Schema. `count`: what the first number is.
 */
export const durationGrammar = (count: string): string => {
  const part = (names: string[]) => `[0-9]{1,9}\\s*(${names.toReversed().map(anyCase).join('|')})\\s*`;
  const first = units.map(([names], index) => {
    const smaller = units.slice(index + 1).map(([others]) => `(${part(others)})?`);
    return part(names).replace('[0-9]{1,9}\\s*', count) + smaller.join('');
  });
  return `(${first.join('|')})$`;
};

/** What `parseDuration` takes, for editors. */
export const durationPattern = `^\\s*${durationGrammar('[0-9]{1,9}\\s*')}`;
