import { expect, test } from 'vitest';
import { hasPassed } from '../../src/io/passed.ts';

test('a pause has passed after its time, and when the clock was put back before it began', () => {
  const at = (now: number) => hasPassed(100, 1_000, now);
  expect([1_000, 1_099, 1_100, 5_000].map(at)).toEqual([false, false, true, true]);
  expect(at(999)).toBe(true);
});
