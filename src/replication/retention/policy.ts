import { parseDuration } from '../../io/duration.ts';

/**
 * How long points are kept, spans in milliseconds. `all`: every point that is younger. The others: the newest
 * whole point of each hour, day, week (from Monday), month and year by UTC, as long as it is younger.
 */
export type Retention = { [rule in Rule]?: number };

/** From the finest to the coarsest. */
export const RULES = ['all', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Rule = (typeof RULES)[number];

/** Spans as they are written: `{ all: 24h, daily: 30d }`. */
export type WrittenRetention = { [rule in Rule]?: string };

/** @throws RangeError for what is not a duration */
export function retentionOf(written: WrittenRetention): Retention {
  const spans = Object.entries(written).map(([rule, span]) => {
    const ms = parseDuration(span);
    if (ms === undefined || !RULES.some(one => one === rule)) throw new RangeError(`${rule}: ${span}`);
    return [rule, ms];
  });
  return Object.fromEntries(spans);
}

export type Calendar = Exclude<Rule, 'all'>;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970-01-01 was a Thursday: three days after a Monday. */
const SINCE_MONDAY = 3 * DAY;

/** Which hour, day ... by UTC a moment (ms since the epoch) is in; equal numbers are the same one. */
export function bucketOf(rule: Calendar, at: number): number {
  if (rule === 'hourly') return Math.floor(at / HOUR);
  if (rule === 'daily') return Math.floor(at / DAY);
  if (rule === 'weekly') return Math.floor((at + SINCE_MONDAY) / (7 * DAY));
  const date = new Date(at);
  const year = date.getUTCFullYear();
  return rule === 'yearly' ? year : 12 * year + date.getUTCMonth();
}
