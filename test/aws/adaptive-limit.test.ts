import { expect, test } from 'vitest';
import { adaptiveLimit } from '../../src/aws/recovery/calls/adaptive-limit.ts';

/** Calls that end when they are told to. */
function gate() {
  const waiting: (() => void)[] = [];
  let most = 0;
  return {
    call: () =>
      new Promise<void>(end => {
        waiting.push(end);
        most = Math.max(most, waiting.length);
      }),
    most: () => most,
    async end(count: number) {
      for (const end of waiting.splice(0, count)) end();
      await new Promise(setImmediate);
    },
  };
}

test('no more calls at a time than its width; one more after a whole width went well, up to the most', async () => {
  const limit = adaptiveLimit(2, 3);
  const { call, most, end } = gate();
  const all = Promise.all(Array.from({ length: 9 }, () => limit.run(call)));
  await end(0);
  expect(most()).toBe(2);
  for (let n = 0; n < 9; n++) await end(3);
  await all;
  expect(most()).toBe(3);
  expect(limit.width).toBe(3);
});

test('asked for fewer it halves, once for calls that were under way together, never below one', async () => {
  const limit = adaptiveLimit(8, 8);
  const { call, end } = gate();
  const first = Promise.all(Array.from({ length: 8 }, () => limit.run(call)));
  await end(0);
  for (let n = 0; n < 8; n++) limit.slower();
  expect(limit.width).toBe(4);
  await end(8);
  await first;
  for (let n = 0; n < 4; n++) limit.slower();
  expect(limit.width).toBe(1);
});

test('a call that fails gives its place up', async () => {
  const limit = adaptiveLimit(1, 1);
  await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await limit.run(async () => 'next')).toBe('next');
});
