import type { Window } from './catalog.ts';

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const dayMs = 86_400_000;

/**
 * When a maintenance window opens next, in ms since the epoch; undefined while it is open. A window whose
 * end isn't after its beginning ends on the next day. A time of day that the clocks skip counts as the
 * moment at which they skip it, of one that comes twice the second counts. On a day on which nothing of it is
 * left it doesn't open.
 */
export function closedUntil({ days, from, to, timezone = 'UTC' }: Window, now: number): number | undefined {
  const today = Math.floor((now + offsetAt(now, timezone)) / dayMs);
  const [begin, end] = [timeOfDay(from), timeOfDay(to)];
  // From yesterday's, which may still be open, to the same weekday of the week after the next: one may be
  // skipped.
  for (let day = today - 1; day <= today + 15; day++) {
    if (days && !days.includes(weekdays[(day + 4) % 7]!)) continue;
    const opens = instant(day * dayMs + begin, timezone);
    const closes = instant((end > begin ? day : day + 1) * dayMs + end, timezone);
    if (closes <= opens || now >= closes) continue;
    return now < opens ? opens : undefined;
  }
  throw new RangeError('a maintenance window opens on no day');
}

/**
 * The longest time at a stretch in which none of these windows is open, in ms, by a clock that nobody
 * changes; 0: no windows are given, or one is always open.
 */
export function longestClosed(windows: readonly Window[]): number {
  const spans = windows
    .flatMap(({ days = weekdays, from, to }) =>
      weekdays.flatMap((name, day) => {
        if (!days.includes(name)) return [];
        const [begin, end] = [timeOfDay(from), timeOfDay(to)];
        return [{ opens: day * dayMs + begin, closes: (end > begin ? day : day + 1) * dayMs + end }];
      }),
    )
    .toSorted((a, b) => a.opens - b.opens);
  let [longest, closes] = [0, Number.POSITIVE_INFINITY];
  // The week after shows what is closed at the turn of one.
  for (const shift of [0, 7 * dayMs])
    for (const span of spans) {
      longest = Math.max(longest, span.opens + shift - closes);
      const later = span.closes + shift;
      closes = Number.isFinite(closes) ? Math.max(closes, later) : later;
    }
  return longest;
}

/** The longest time for which one of these windows is open, in ms, by a clock that nobody changes. */
export const longestOpen = (windows: readonly Window[]): number =>
  Math.max(
    ...windows.map(({ from, to }) => {
      const lasts = timeOfDay(to) - timeOfDay(from);
      return lasts > 0 ? lasts : lasts + dayMs;
    }),
  );

/** Windows come again every week, but for the clocks of their zones: a year shows all that those do. */
const longestLook = 54 * 7 * dayMs;

/**
 * From when on, at `now` or later, one window of each list is open, in ms since the epoch; an empty list says
 * nothing. Infinity: never, since no two of them are open together.
 */
export function opensAt(lists: readonly (readonly Window[])[], now: number): number {
  for (let at = now; at <= now + longestLook; ) {
    const opens = lists.reduce((from, windows) => earliest(windows, from), at);
    if (opens === at) return at;
    at = opens;
  }
  return Number.POSITIVE_INFINITY;
}

const earliest = (windows: readonly Window[], now: number): number =>
  windows.length === 0 ? now : Math.min(...windows.map(one => closedUntil(one, now) ?? now));

/** Whether there is such a time zone. */
export function isTimezone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** `HH:MM` in ms since midnight. */
function timeOfDay(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
}

/** A wall clock's time, as if it were UTC, in ms since the epoch. */
function instant(wall: number, timezone: string): number {
  const near = wall - offsetAt(wall, timezone);
  const found = wall - offsetAt(near, timezone);
  return found + offsetAt(found, timezone) === wall
    ? found
    : changeBetween(Math.min(near, found), Math.max(near, found), timezone);
}

/** When the clocks change between two instants, to the millisecond. */
function changeBetween(before: number, after: number, timezone: string): number {
  const old = offsetAt(before, timezone);
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timezone) === old) low = middle;
    else high = middle;
  }
  return high;
}

/** How far the zone's wall clock is ahead of UTC, in ms. */
function offsetAt(instant: number, timezone: string): number {
  if (timezone === 'UTC') return 0;
  const parts = formatOf(timezone).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find(p => p.type === type)!.value);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(instant / 1000) * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws a RangeError for an unknown zone. Its locale is fixed, so that only the zone matters. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timezone, format);
  return format;
}
