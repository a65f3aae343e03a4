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
  const isTime = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/.test(text);
  const until = after === undefined ? (isTime ? Date.parse(text) : Number.NaN) : now + after;
  if (until > now) return until;
  throw new Failure(
    given('bad-time', `--until ${text}: expected a time to come`, {
      hint: 'write a duration, 4h or 2 days, a date, or a time such as 2026-12-01T06:00:00Z',
    }),
  );
}
