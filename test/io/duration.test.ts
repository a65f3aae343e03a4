import { expect, test } from 'vitest';
import { parseDuration } from '../../src/io/duration.ts';

test('what a hint offers can be written', () => {
  expect(['90s', '15 minutes', '1h30m'].map(parseDuration)).toEqual([90_000, 900_000, 5_400_000]);
});

test('a duration is one that a date can be told after, whatever unit it is written in', () => {
  expect(['1000y', '365000d', '365000 days'].map(parseDuration)).toEqual(Array(3).fill(365_000 * 86_400_000));
  expect(['1001y', '99999999d', '999999999y', '999999999w', '1000y1s'].map(parseDuration)).toEqual(
    Array(5).fill(undefined),
  );
});
