import { expect, test } from 'vitest';
import { momentOf, pastMomentOf } from '../../src/app/repository/moments.ts';

const now = Date.parse('2026-11-29T08:00:00Z');

test('a moment to come and one that is past are written alike', () => {
  expect(momentOf('4h', now)).toBe(now + 4 * 3_600_000);
  expect(pastMomentOf('4h', now)).toBe(now - 4 * 3_600_000);
  expect(momentOf('2026-12-01', now)).toBe(Date.parse('2026-12-01T00:00:00Z'));
  expect(pastMomentOf('2026-11-01T06:00:00+01:00', now)).toBe(Date.parse('2026-11-01T05:00:00Z'));
});

test.each(['yesterday', '5', '0s', '-5m', '2020-01-01', '99999999d', '999999999y'])(
  'nothing is to come by %s',
  text => {
    expect(() => momentOf(text, now)).toThrow(`--until ${text}: expected a time to come`);
  },
);

// A number alone is a month to a parser of dates.
test.each(['tomorrow', '5', '2030-01-01T00:00:00Z', '99999999d', '0s'])('nothing is past by %s', text => {
  expect(() => pastMomentOf(text, now)).toThrow(`--since ${text}: expected a time that is past`);
});
