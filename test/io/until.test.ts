import { expect, test } from 'vitest';
import { retry } from '../../src/io/retry.ts';
import { elapsed, hasPassed, until } from '../../src/io/until.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { runClock } from '../support/replication-clients.ts';

const wait = { every: 1000, atMost: 5000, what: 'the door to open', hint: 'knock' };

test('what is there at once takes no time', async () => {
  const clock = runClock(0);
  expect(await until(clock, async () => 'open', wait)).toBe('open');
  expect(clock.time).toBe(0);
});

test('it looks again after each pause, and answers with what it saw', async () => {
  const clock = runClock(0);
  const looks: number[] = [];
  const look = async () => {
    looks.push(clock.now());
    return looks.length === 4 ? false : undefined;
  };
  expect(await until(clock, look, { ...wait, every: number => number * 500 })).toBe(false);
  expect(looks).toEqual([0, 500, 1500, 3000]);
});

test('the last look is taken when the time is over; the error says what was waited for', async () => {
  const clock = runClock(0);
  const looks: number[] = [];
  const never = async () => void looks.push(clock.now());
  const diagnostic = await diagnosticOf(until(clock, never, { ...wait, every: 2000 }));
  expect(looks).toEqual([0, 2000, 4000, 5000]);
  expect(diagnostic).toMatchObject({
    code: 'waited-too-long',
    category: 'world',
    message: 'waiting for the door to open took longer than 5 seconds',
    hint: 'knock',
  });
});

test('a clock that is put back makes nothing wait longer', async () => {
  const clock = runClock(10_000_000);
  const looks: number[] = [];
  const never = async () => {
    looks.push(clock.now());
    if (looks.length === 2) clock.time -= 3_600_000;
  };
  await diagnosticOf(until(clock, never, { ...wait, every: 2000 }));
  expect(looks).toHaveLength(4);
  let tries = 0;
  const work = async () => {
    if (++tries === 2) clock.time -= 3_600_000;
    return tries;
  };
  expect(await retry({ first: 1000, growth: 1, atMost: 5000 }, { clock, isNotYet: () => true }, work)).toBe(
    6,
  );
  expect(elapsed(clock, clock.now() + 5)).toBe(0);
});

test('an abort and an error of the look end it', async () => {
  const stop = new AbortController();
  const stopping = until(runClock(0), async () => stop.abort(new Error('enough')), {
    ...wait,
    signal: stop.signal,
  });
  await expect(stopping).rejects.toThrow('enough');
  const broken = until(runClock(0), () => Promise.reject(new Error('broken')), wait);
  await expect(broken).rejects.toThrow('broken');
});

test('a pause has passed after its time, and when the clock was put back before it began', () => {
  const at = (now: number) => hasPassed(100, 1_000, now);
  expect([1_000, 1_099, 1_100, 5_000].map(at)).toEqual([false, false, true, true]);
  expect(at(999)).toBe(true);
});
