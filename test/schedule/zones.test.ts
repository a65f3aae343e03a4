import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextRun } from '../../src/schedule/cron.ts';

/** The runs of a cron line from a moment on, in UTC. */
function runs(line: string, zone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = nextRun(line, zone, at)!;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

/**
 * Clocks that go forward and back, at night, at midnight and by half an hour; the days of the changes are
 * those of the IANA database (https://data.iana.org/time-zones/), the moments were worked out by hand.
 */
const golden: [zone: string, what: string, line: string, from: string, expected: string[]][] = [
  // 2026-03-29 01:00Z: 02:00 is 03:00. 2026-10-25 01:00Z: 03:00 is 02:00.
  [
    'Europe/Berlin',
    'a gap that holds the time',
    '30 2 * * *',
    '2026-03-28T00:00Z',
    ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
  ],
  [
    'Europe/Berlin',
    'a time that comes twice',
    '30 2 * * *',
    '2026-10-24T12:00Z',
    ['2026-10-25T00:30', '2026-10-26T01:30'],
  ],
  [
    'Europe/Berlin',
    'each quarter of an hour that comes twice',
    '*/30 2 * * *',
    '2026-10-24T12:00Z',
    ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-26T01:00'],
  ],
  // 2026-03-08 07:00Z: 02:00 is 03:00. 2026-11-01 06:00Z: 02:00 is 01:00.
  [
    'America/New_York',
    'a gap that holds the time',
    '0 2 * * *',
    '2026-03-07T12:00Z',
    ['2026-03-08T07:00', '2026-03-09T06:00'],
  ],
  [
    'America/New_York',
    'a time that comes twice',
    '15 1 * * *',
    '2026-10-31T12:00Z',
    ['2026-11-01T05:15', '2026-11-02T06:15'],
  ],
  // 2026-10-03 15:30Z: 02:00 is 02:30. 2026-04-04 15:00Z: 02:00 is 01:30.
  [
    'Australia/Lord_Howe',
    'a gap of half an hour',
    '15 2 * * *',
    '2026-10-03T00:00Z',
    ['2026-10-03T15:30', '2026-10-04T15:15'],
  ],
  [
    'Australia/Lord_Howe',
    'half an hour that comes twice',
    '45 1 * * *',
    '2026-04-04T00:00Z',
    ['2026-04-04T14:45', '2026-04-05T15:15'],
  ],
  // 2026-04-23 22:00Z: 00:00 is 01:00. 2026-10-29 21:00Z: 24:00 is 23:00.
  [
    'Africa/Cairo',
    'a midnight that there is not',
    '0 0 * * *',
    '2026-04-22T12:00Z',
    ['2026-04-22T22:00', '2026-04-23T22:00', '2026-04-24T21:00'],
  ],
  [
    'Africa/Cairo',
    'an hour before midnight that comes twice',
    '30 23 * * *',
    '2026-10-29T12:00Z',
    ['2026-10-29T20:30', '2026-10-30T21:30'],
  ],
  // 2026-09-06 04:00Z: 00:00 is 01:00. 2026-04-05 03:00Z: 24:00 is 23:00.
  [
    'America/Santiago',
    'a midnight that there is not',
    '0 0 * * *',
    '2026-09-05T12:00Z',
    ['2026-09-06T04:00', '2026-09-07T03:00'],
  ],
  [
    'America/Santiago',
    'an hour before midnight that comes twice',
    '30 23 * * *',
    '2026-04-04T12:00Z',
    ['2026-04-05T02:30', '2026-04-06T03:30'],
  ],
];

describe('the calendar where clocks change', () => {
  test.each(golden)('%s: %s', (zone, _, line, from, expected) => {
    expect(runs(line, zone, from, expected.length)).toEqual(expected);
  });

  const zones = fc.constantFrom(...new Set(golden.map(([zone]) => zone)), 'UTC');
  const instants = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) });
  const lines = fc.oneof(
    fc.constantFrom('30 2 * * *', '0 0 * * *', '*/15 * * * *', '59 23 * * 0', '0 0 29 2 *', '7 1-3 * * *'),
    fc
      .tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }))
      .map(([minute, hour]) => `${minute} ${hour} * * *`),
  );

  test('the next run is strictly later, and a later moment has no earlier one', () => {
    fc.assert(
      fc.property(zones, lines, instants, instants, (zone, line, a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        const [one, other] = [nextRun(line, zone, first)!, nextRun(line, zone, second)!];
        expect(one).toBeGreaterThan(first);
        expect(other).toBeGreaterThanOrEqual(one);
        // No run lies between: whoever asks just before it is told it.
        expect(nextRun(line, zone, one - 1)).toBe(one);
      }),
      { numRuns: 300 },
    );
  });

  test('a time of day comes once on every day of the year, in every zone', () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }));
    fc.assert(
      fc.property(zones, times, (zone, [minute, hour]) => {
        const line = `${minute} ${hour} * * *`;
        const day = (at: number) => new Date(at).toLocaleDateString('en-CA', { timeZone: zone });
        const days: string[] = [];
        for (let at = Date.UTC(2026, 1, 20); days.length < 300; ) {
          at = nextRun(line, zone, at)!;
          days.push(day(at));
        }
        const first = Date.parse(days[0]!);
        expect(days).toEqual(days.map((_, n) => new Date(first + n * 86_400_000).toISOString().slice(0, 10)));
      }),
      { numRuns: 20 },
    );
  });
});
