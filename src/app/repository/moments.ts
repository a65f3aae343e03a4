import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../io/duration.ts';

/**
 * A moment to come, ms since the epoch: an RFC 3339 time, a date (its beginning by UTC) or a duration from
 * `now`.
 *
 * @throws Failure `bad-time`
 */
export function momentOf(text: string, now: number): number {
  const after = parseDuration(text);
  const until = after === undefined ? timeOf(text) : now + after;
  if (until > now) return until;
  throw new Failure(
    given('bad-time', `--until ${text}: expected a time to come`, {
      hint: 'write a duration, 4h or 2 days, a date, or a time such as 2026-12-01T06:00:00Z',
    }),
  );
}

/**
 * A moment that is past, written alike: a duration is one before `now`.
 *
 * @throws Failure `bad-time`
 */
export function pastMomentOf(text: string, now: number, option = '--since'): number {
  const before = parseDuration(text);
  const since = before === undefined ? timeOf(text) : now - before;
  if (since < now) return since;
  throw new Failure(
    given('bad-time', `${option} ${text}: expected a time that is past`, {
      hint: 'write a duration, 7d or 12 hours, a date, or a time such as 2026-11-01T00:00:00Z',
    }),
  );
}

/** NaN where it isn't one: `Date.parse` takes `5` for a month. */
const timeOf = (text: string): number =>
  /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
