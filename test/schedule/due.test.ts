import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Window } from '../../src/engine/model/catalog.ts';
import { opensAt } from '../../src/engine/model/window.ts';
import {
  breachedAfter,
  dueAfter,
  longestBetween,
  phaseOf,
  runsAfter,
  type Timetable,
} from '../../src/schedule/due.ts';
import { parseSchedule } from '../../src/schedule/schedule.ts';

const minute = 60_000;
const tableOf = (text: string, more: Partial<Timetable> = {}): Timetable => ({
  schedule: parseSchedule(text)!,
  timezone: 'UTC',
  windows: [],
  ...more,
});

const start = Date.UTC(2026, 2, 20);
const phases = fc.double({ min: 0, max: 0.999_999, noNaN: true });
/** Pauses between two looks: seconds as a rule, and now and then days of downtime. */
const pauses = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1_000, max: 3 * minute }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * 86_400_000 }) },
  ),
  { maxLength: 120 },
);

/** The points that somebody makes who looks after each pause, and makes one whenever it is due. */
function points(looks: number[], dueOf: (newest: number) => number): number[] {
  const made = [start];
  let now = start;
  for (const pause of looks) {
    now += pause;
    if (dueOf(made.at(-1)!) <= now) {
      made.push(now);
      expect(dueOf(now)).toBeGreaterThan(now);
    }
  }
  return made;
}

describe('when a VM is due', () => {
  test('by an interval: once per interval, whatever was missed, and never late by more than the pause', () => {
    fc.assert(
      fc.property(pauses, fc.option(phases, { nil: undefined }), (looks, phase) => {
        const table = tableOf('every 15 minutes');
        const made = points(looks, newest => dueAfter(table, newest, phase));
        for (const [n, at] of made.entries())
          if (n > 0) expect(at - made[n - 1]!).toBeGreaterThanOrEqual(14.5 * minute);
        const due = dueAfter(table, made.at(-1)!, phase);
        expect(due - made.at(-1)!).toBeLessThanOrEqual(15 * minute);
      }),
    );
  });

  test('by the calendar: exactly once in each period in which somebody looks', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe');
    const texts = fc.constantFrom('every day at 02:30', 'cron */30 * * * *', 'every weekday at 23:59');
    fc.assert(
      fc.property(pauses, zones, texts, (looks, timezone, text) => {
        const table = tableOf(text, { timezone });
        const made = points(looks, newest => dueAfter(table, newest));
        const runOf = (at: number) => dueAfter(table, at);
        // Two points in one period would have the same next run.
        expect(new Set(made.map(runOf)).size).toBe(made.length);
        const times = looks.map((_, n) => looks.slice(0, n + 1).reduce((sum, pause) => sum + pause, start));
        expect(made.length).toBe(new Set([start, ...times].map(runOf)).size);
      }),
    );
  });

  test('a newer point is never due earlier', () => {
    const texts = fc.constantFrom('every 15 minutes', 'every day at 02:30', 'every 1h');
    const times = fc.integer({ min: start, max: start + 300 * 86_400_000 });
    fc.assert(
      fc.property(texts, times, times, fc.option(phases, { nil: undefined }), (text, a, b, phase) => {
        const table = tableOf(text, { timezone: 'Europe/Berlin' });
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        expect(dueAfter(table, second, phase)).toBeGreaterThanOrEqual(dueAfter(table, first, phase));
        expect(dueAfter(table, first, phase)).toBeGreaterThan(first);
      }),
    );
  });

  test('VMs that began together drift apart to their places in the interval, and stay there', () => {
    const table = tableOf('every 15 minutes');
    const uuids = Array.from(
      { length: 100 },
      (_, n) => `4211a0c6-0000-4000-8000-${String(n).padStart(12, '0')}`,
    );
    const inInterval = uuids.map(uuid => {
      const phase = phaseOf(uuid);
      let at = start;
      for (let n = 0; n < 40; n++) at = dueAfter(table, at, phase) + 2_000;
      const off = Math.abs(((at / (15 * minute)) % 1) - phase);
      expect(Math.min(off, 1 - off)).toBeLessThan(0.003);
      return phase;
    });
    const tenths = new Set(inInterval.map(phase => Math.floor(phase * 10)));
    expect(tenths.size).toBe(10);
  });

  test('the place of a VM is within the interval, and its own', () => {
    fc.assert(
      fc.property(fc.uuid(), uuid => {
        const phase = phaseOf(uuid);
        expect(phase).toBeGreaterThanOrEqual(0);
        expect(phase).toBeLessThan(1);
        expect(phaseOf(uuid)).toBe(phase);
      }),
    );
  });

  test('what is due while its windows are closed begins when they open', () => {
    const windows = [[{ from: '20:00', to: '06:00', timezone: 'Europe/Berlin' }]];
    const table = tableOf('every 15 minutes', { windows });
    const at = (text: string) => Date.parse(text);
    expect(runsAfter(table, at('2026-03-20T10:00Z'))).toBe(at('2026-03-20T19:00Z'));
    expect(runsAfter(table, at('2026-03-20T20:00Z'))).toBe(at('2026-03-20T20:14:30Z'));
  });

  test('lists of windows have to be open at once', () => {
    const day = (from: string, to: string) => [{ from, to }];
    const table = tableOf('every day at 01:00', { windows: [day('20:00', '06:00'), day('05:00', '09:00')] });
    expect(runsAfter(table, start)).toBe(start + 300 * minute);
  });
});

describe('when an RPO is breached', () => {
  test('after what is declared', () => {
    expect(breachedAfter(tableOf('every day at 02:00'), 30 * minute, start)).toBe(start + 30 * minute);
  });

  test.each([
    ['every 15 minutes', '2026-03-20T10:00Z', '2026-03-20T10:30Z'],
    ['every day at 02:00', '2026-03-20T02:00:09Z', '2026-03-22T02:00Z'],
    ['every weekday at 02:00', '2026-03-20T02:00:09Z', '2026-03-24T02:00Z'],
  ])('else with the second run: %s', (text, newest, expected) => {
    expect(breachedAfter(tableOf(text), undefined, Date.parse(newest))).toBe(Date.parse(expected));
  });

  test('which waits for its windows', () => {
    const table = tableOf('every 15 minutes', { windows: [[{ from: '20:00', to: '06:00' }]] });
    const newest = Date.parse('2026-03-20T05:50Z');
    expect(breachedAfter(table, undefined, newest)).toBe(Date.parse('2026-03-20T20:15Z'));
  });
});

describe('the longest time between two points', () => {
  const hour = 3_600_000;
  const day = 24 * hour;
  const between = (schedule: string, ...windows: Window[][]) =>
    longestBetween({ schedule: parseSchedule(schedule)!, timezone: 'UTC', windows });
  const at = (from: string, to: string, ...days: NonNullable<Window['days']>): Window => ({
    ...(days.length > 0 && { days }),
    from,
    to,
  });

  test.each<[string, Window[][], number]>([
    ['every 15 minutes', [], hour / 4],
    ['every day at 02:00', [], day],
    ['every 15 minutes', [[at('22:00', '06:00')]], 16 * hour],
    // Due in the middle of the day, it waits for the night after.
    ['every 30 hours', [[at('22:00', '23:00')]], 47 * hour],
    ['every 8 days', [[at('08:00', '09:00', 'sun')]], 14 * day - hour],
    ['every day at 02:00', [[at('22:00', '23:00')]], day],
    ['every hour', [[at('08:00', '12:00')], [at('11:00', '20:00')]], 22 * hour],
    ['every hour', [[at('08:00', '09:00', 'sun')], [at('08:00', '09:00', 'mon')]], Number.POSITIVE_INFINITY],
    ['every hour', [[at('08:00', '09:00')], [at('09:00', '10:00')]], Number.POSITIVE_INFINITY],
  ])('%s in %j', (schedule, windows, longest) => {
    const found = between(schedule, ...windows);
    // To what a run may be early by, which is a thirtieth.
    if (Number.isFinite(longest)) expect(Math.abs(found - longest)).toBeLessThan(hour / 10);
    else expect(found).toBe(longest);
  });

  test('windows of two zones that meet in one half of the year alone', () => {
    const here = { ...at('08:00', '09:00'), timezone: 'Europe/Berlin' };
    const utc = { ...at('07:00', '08:00'), timezone: 'UTC' };
    expect(opensAt([[here], [utc]], Date.UTC(2026, 6, 1))).toBe(Date.UTC(2026, 9, 25, 7));
    const never = { ...at('04:00', '05:00'), timezone: 'UTC' };
    expect(opensAt([[here], [never]], Date.UTC(2026, 6, 1))).toBe(Number.POSITIVE_INFINITY);
  });
});
