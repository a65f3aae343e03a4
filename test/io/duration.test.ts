import { expect, test } from 'vitest';
import { parseDuration } from '../../src/io/duration.ts';

test('what a hint offers can be written', () => {
  expect(['90s', '15 minutes', '1h30m'].map(parseDuration)).toEqual([90_000, 900_000, 5_400_000]);
});
