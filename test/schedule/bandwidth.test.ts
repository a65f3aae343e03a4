import { describe, expect, test } from 'vitest';
import { allowedBy } from '../../src/schedule/bandwidth.ts';
import { parseRate } from '../../src/schedule/rate.ts';

const mbit = 125_000;

test.each([
  ['1 Mbit/s', mbit],
  ['200Mbit/s', 200 * mbit],
  ['2 gbit/s', 2000 * mbit],
  ['25 MiB/s', 25 * 2 ** 20],
  ['1 GiB/s', 2 ** 30],
  ['0 Mbit/s', undefined],
  ['1.5 Mbit/s', undefined],
  ['64 kbit/s', undefined],
  ['1 Mbit', undefined],
  ['', undefined],
])('%s is %s bytes a second', (text, rate) => {
  expect(parseRate(text)).toBe(rate);
});

describe('what is allowed', () => {
  const allowed = allowedBy({
    limit: '200 Mbit/s',
    timezone: 'Europe/Dublin',
    windows: [
      { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00', limit: '50 Mbit/s' },
      { days: ['tue'], from: '12:00', to: '13:00', limit: '10 Mbit/s' },
      { from: '23:00', to: '01:00', limit: '900 Mbit/s' },
    ],
  });
  // Dublin is an hour ahead of UTC in summer.
  test.each([
    ['2026-07-06T06:59:59Z', 200],
    ['2026-07-06T07:00:00Z', 50],
    ['2026-07-06T16:59:59Z', 50],
    ['2026-07-06T17:00:00Z', 200],
    ['2026-07-07T11:30:00Z', 10],
    ['2026-07-05T10:00:00Z', 200],
    // A window says more than the usual, too: at night there is room.
    ['2026-07-05T22:30:00Z', 900],
    ['2026-07-05T23:30:00Z', 900],
    ['2026-12-07T07:30:00Z', 200],
    ['2026-12-07T08:00:00Z', 50],
  ])('at %s: %s Mbit/s', (at, rate) => {
    expect(allowed(Date.parse(at))).toBe(rate * mbit);
  });

  test('without a limit of its own, all of it outside of the windows', () => {
    const timed = allowedBy({ windows: [{ from: '08:00', to: '18:00', limit: '1 Mbit/s' }] });
    expect(timed(Date.parse('2026-07-06T07:59:00Z'))).toBeUndefined();
    expect(timed(Date.parse('2026-07-06T08:00:00Z'))).toBe(mbit);
  });
});
