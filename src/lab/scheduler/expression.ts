import { ApiError } from '../aws-model/error.ts';

/**
 * When a schedule runs first at or after `from`; undefined: never again. Times are milliseconds since the
 * epoch.
 */
export type Next = (from: number) => number | undefined;

const wrong = (text: string) => new ApiError('ValidationException', `Invalid Schedule Expression ${text}.`);
const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** What a local time in a zone is, at an offset that the zone had about then. */
function instant(local: string, zone: string): number {
  const asUtc = Date.parse(`${local}Z`);
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  } catch {
    throw new ApiError('ValidationException', `Invalid ScheduleExpressionTimezone ${zone}.`);
  }
  const shownAt = (time: number) => Date.parse(`${format.format(time).replace(' ', 'T')}Z`);
  // The second step is for a time just after the clocks changed.
  const near = asUtc - (shownAt(asUtc) - asUtc);
  return asUtc - (shownAt(near) - near);
}

/**
 * `at(2026-11-28T20:30:00)` and `rate(5 minutes)`. Source: EventBridge Scheduler user guide, "Schedule
 * types". The lab has no cron. Throws ApiError.
 * @param started when the schedule was made: a rate counts from then
 */
export function parseExpression(text: string, zone: string, started: number): Next {
  const at = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(text)?.[1];
  if (at !== undefined) {
    const time = instant(at, zone);
    if (Number.isNaN(time)) throw wrong(text);
    return from => (time >= from ? time : undefined);
  }
  const [, number, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text) ?? [];
  const every = Number(number) * (unitMs[unit] ?? 0);
  if (!(every > 0)) throw wrong(text);
  return from => started + Math.max(1, Math.ceil((from - started) / every)) * every;
}
