import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Window } from '../../src/engine/model/catalog.ts';
import { closedUntil, isTimezone, longestClosed } from '../../src/engine/model/window.ts';

const until = (window: Window, now: string) => {
  const opens = closedUntil(window, Date.parse(now));
  return opens === undefined ? 'open' : new Date(opens).toISOString().slice(0, 16);
};

const weekend: Window = { days: ['sat', 'sun'], from: '01:00', to: '05:00', timezone: 'Europe/Dublin' };

test.each<[string, Window[], number]>([
  ['none', [], 0],
  ['at night', [{ from: '22:00', to: '06:00' }], 16],
  ['always', [{ from: '02:00', to: '02:00' }], 0],
  [
    'two that meet',
    [
      { from: '02:00', to: '14:00' },
      { from: '14:00', to: '02:00' },
    ],
    0,
  ],
  ['at weekends', [weekend], 5 * 24 + 20],
  ['across the turn of the week', [{ days: ['sat'], from: '23:00', to: '01:00' }], 7 * 24 - 2],
  [
    'one within the other',
    [
      { from: '08:00', to: '18:00' },
      { days: ['mon'], from: '09:00', to: '10:00' },
    ],
    14,
  ],
])('closed at a stretch: %s', (_, windows, hours) => {
  expect(longestClosed(windows)).toBe(hours * 3_600_000);
});

describe('a window', () => {
  // Dublin is at UTC in winter, an hour ahead in summer. 2026-11-28 is a Saturday.
  test.each([
    ['2026-11-23T12:00Z', '2026-11-28T01:00'],
    ['2026-11-28T00:59:59.999Z', '2026-11-28T01:00'],
    ['2026-11-28T01:00Z', 'open'],
    ['2026-11-28T04:59:59.999Z', 'open'],
    ['2026-11-28T05:00Z', '2026-11-29T01:00'],
    ['2026-11-29T05:00Z', '2026-12-05T01:00'],
    ['2026-07-04T00:00Z', 'open'],
    ['2026-07-04T04:00Z', '2026-07-05T00:00'],
  ])('at weekends in Dublin, seen at %s: %s', (now, expected) => {
    expect(until(weekend, now)).toBe(expected);
  });

  test.each([
    ['2026-11-27T21:59Z', '2026-11-27T22:00'],
    ['2026-11-27T22:00Z', 'open'],
    ['2026-11-28T03:59Z', 'open'],
    ['2026-11-28T04:00Z', '2026-12-04T22:00'],
  ])('over midnight belongs to the day on which it begins: %s', (now, expected) => {
    expect(until({ days: ['fri'], from: '22:00', to: '04:00' }, now)).toBe(expected);
  });

  test('from one time to the same is a whole day', () => {
    const monday: Window = { days: ['mon'], from: '00:00', to: '00:00' };
    expect(until(monday, '2026-11-23T23:59Z')).toBe('open');
    expect(until(monday, '2026-11-24T00:00Z')).toBe('2026-11-30T00:00');
  });

  test('a time that the clocks skip is when they skip it; of one that comes twice it is the second', () => {
    const night: Window = { from: '01:30', to: '03:00', timezone: 'Europe/Dublin' };
    // 2026-03-29: 01:00 becomes 02:00, at 01:00 UTC.
    expect(until(night, '2026-03-29T00:59Z')).toBe('2026-03-29T01:00');
    expect(until(night, '2026-03-29T01:59Z')).toBe('open');
    expect(until(night, '2026-03-29T02:00Z')).toBe('2026-03-30T00:30');
    // 2026-10-25: 02:00 becomes 01:00, at 01:00 UTC.
    expect(until(night, '2026-10-25T00:45Z')).toBe('2026-10-25T01:30');
    expect(until(night, '2026-10-25T01:45Z')).toBe('open');
  });

  // 2027-03-28: in Berlin 02:00 becomes 03:00, at 01:00 UTC; in Santiago (2026-09-06) midnight becomes 01:00,
  // at 04:00 UTC.
  test.each([
    ['02:30', '03:15', 'Europe/Berlin', '2027-03-28T00:59Z', '2027-03-28T01:00'],
    ['02:30', '03:15', 'Europe/Berlin', '2027-03-28T01:00Z', 'open'],
    ['02:30', '03:15', 'Europe/Berlin', '2027-03-28T01:14Z', 'open'],
    ['02:30', '03:15', 'Europe/Berlin', '2027-03-28T01:15Z', '2027-03-29T00:30'],
    ['01:30', '02:30', 'Europe/Berlin', '2027-03-28T00:59Z', 'open'],
    ['01:30', '02:30', 'Europe/Berlin', '2027-03-28T01:00Z', '2027-03-28T23:30'],
    ['00:00', '02:00', 'America/Santiago', '2026-09-06T03:59Z', '2026-09-06T04:00'],
  ])('%s to %s in %s, where the clocks skip it, seen at %s: %s', (from, to, timezone, now, expected) => {
    expect(until({ from, to, timezone }, now)).toBe(expected);
  });

  test('that is within what the clocks skip does not open on that day', () => {
    const skipped: Window = { days: ['sun'], from: '02:15', to: '02:45', timezone: 'Europe/Berlin' };
    expect(until(skipped, '2027-03-28T00:00Z')).toBe('2027-04-04T00:15');
  });
});

test('what is closed opens at the time it says, and not before', () => {
  const time = fc
    .record({ h: fc.integer({ min: 0, max: 23 }), m: fc.integer({ min: 0, max: 59 }) })
    .map(({ h, m }) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
  const days = fc.subarray(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'], { minLength: 1 });
  const timezone = fc.constantFrom(
    'UTC',
    'Europe/Dublin',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Australia/Lord_Howe',
  );
  const instant = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2030, 0) });
  fc.assert(
    fc.property(days, time, time, timezone, instant, (days, from, to, timezone, now) => {
      const window = { days, from, to, timezone };
      const opens = closedUntil(window, now);
      if (opens === undefined) return;
      expect(opens).toBeGreaterThan(now);
      expect(opens - now).toBeLessThan(8.1 * 86_400_000);
      expect(closedUntil(window, opens)).toBeUndefined();
      expect(closedUntil(window, opens - 1)).toBe(opens);
    }),
  );
});

test('a time zone is one that there is', () => {
  expect(['UTC', 'Europe/Dublin', 'America/New_York'].map(isTimezone)).toEqual([true, true, true]);
  expect(['', 'Dublin', 'Europe/Dubln'].map(isTimezone)).toEqual([false, false, false]);
});
