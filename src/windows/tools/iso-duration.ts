const parts = [
  ['D', 86_400_000],
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
] as const;

/** `PT1H30M` for 5400000 ms, as task files write times; whole seconds, `PT0S` for nothing. */
export function isoDuration(ms: number): string {
  const [days = '', ...clock] = pieces(ms, (count, unit) => `${count}${unit}`);
  const time = clock.join('');
  return days + time === '' ? 'PT0S' : `P${days}${time === '' ? '' : `T${time}`}`;
}

/** The same as manifests write it: `1h30m`, `0s`. */
export const plainDuration = (ms: number): string =>
  pieces(ms, (count, unit) => `${count}${unit.toLowerCase()}`).join('') || '0s';

function pieces(ms: number, print: (count: number, unit: string) => string): string[] {
  let rest = ms;
  return parts.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : print(count, unit);
  });
}

/**
 * Milliseconds of an ISO 8601 duration; undefined for none, and for one of months or years, which have no
 * length.
 */
export function parseIsoDuration(text: string): number | undefined {
  const match = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(text.trim());
  return match
    ? parts.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0)
    : undefined;
}
