import { expect, test } from 'vitest';
import { failingFast } from '../../src/network/failing-fast.ts';

test('who was found silent is asked again after a moment, and others meanwhile', async () => {
  let now = 0;
  const asked: string[] = [];
  const ask = failingFast(
    () => now,
    { atLeast: 15, lasts: 30 },
    error => error instanceof Error && error.message !== 'refused',
  );
  const trying = (whom: string, takes: number, error?: string) =>
    ask(whom, async () => {
      asked.push(whom);
      now += takes;
      if (error !== undefined) throw new Error(error);
      return whom;
    }).catch((reason: Error) => reason.message);
  expect(await trying('a', 60, 'silent')).toBe('silent');
  expect(await trying('a', 60, 'not asked')).toBe('silent');
  expect(await trying('b', 1)).toBe('b');
  now += 30;
  expect(await trying('a', 1)).toBe('a');
  expect(await trying('a', 1)).toBe('a');
  // What fails at once, and what another time won't mend, is asked anew by everybody.
  for (const [takes, error] of [
    [1, 'reset'],
    [60, 'refused'],
  ] as const) {
    expect(await trying('a', takes, error)).toBe(error);
    expect(await trying('a', 1)).toBe('a');
  }
  expect(asked.join('')).toBe('abaaaaaa');
});
