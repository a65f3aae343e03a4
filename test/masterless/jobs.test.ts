import { expect, test } from 'vitest';
import { type Job, runJobs } from '../../src/masterless/instance/jobs.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** Jitter in the middle, so that pauses are what they are said to be. */
const random = { bytes: (length: number) => Buffer.alloc(length, 0x7f), uuid: () => 'x' };
const minute = 60_000;

function running(turns: Record<string, (number: number) => ReturnType<Job['turn']>>) {
  const clock = new SteppedClock(0);
  const stop = new AbortController();
  const began: [string, number][] = [];
  const rejected: string[] = [];
  const jobs = Object.entries(turns).map(([name, turn]) => ({
    name,
    every: minute,
    async turn() {
      began.push([name, Math.round(clock.now() / 1000)]);
      return turn(began.length);
    },
  }));
  const ended = runJobs(jobs, {
    clock,
    random,
    signal: stop.signal,
    rejected: (_, error) => rejected.push((error as Error).message),
  });
  return { clock, stop, began, rejected, ended };
}
const times = (began: [string, number][]) => began.map(([, at]) => at);

test('each job has its turn at once and then at its pace', async () => {
  const { clock, began } = running({ a: async () => 'done', b: async () => 'done' });
  await clock.advance(2 * minute + 1);
  expect(began.map(([name]) => name).join('')).toBe('ababab');
  expect(times(began).slice(0, 2)).toEqual([0, 0]);
  expect(times(began)[2]).toBeGreaterThanOrEqual(59);
});

test('failures are told and back off, up to a quarter of an hour; success ends that', async () => {
  const { clock, began, rejected } = running({
    a: async number => {
      if (number === 1) throw new Error('no network');
      return number < 7 ? 'failed' : 'done';
    },
  });
  await clock.advance(90 * minute);
  const at = times(began);
  const pauses = at.slice(1).map((time, index) => Math.round((time - at[index]!) / 60));
  expect(pauses.slice(0, 8)).toEqual([2, 4, 8, 15, 15, 15, 1, 1]);
  expect(rejected).toEqual(['no network']);
});

test('who gave way looks again soon', async () => {
  const { clock, began } = running({ a: async number => (number === 1 ? 'yielded' : 'done') });
  await clock.advance(2 * minute);
  expect(times(began).slice(0, 3)).toEqual([0, 30, 90]);
});

test('a clock that is put back makes no job wait for as long as that', async () => {
  const { clock, began } = running({ a: async () => 'done', b: async () => 'failed' });
  await clock.advance(minute / 2);
  await clock.put(-6 * 60 * minute);
  began.length = 0;
  await clock.advance(10 * minute);
  expect(new Set(began.map(([name]) => name))).toEqual(new Set(['a', 'b']));
});

test('the signal ends the pause, and a turn goes on to its end', async () => {
  const pausing = running({ a: async () => 'done' });
  await pausing.clock.advance(1);
  pausing.stop.abort('SIGTERM');
  await pausing.ended;
  let finish = () => {};
  const turning = running({
    a: () =>
      new Promise(done => {
        finish = () => done('done');
      }),
  });
  await turning.clock.advance(1);
  turning.stop.abort('SIGTERM');
  let over = false;
  const ended = turning.ended.then(() => {
    over = true;
  });
  await turning.clock.advance(1);
  expect(over).toBe(false);
  finish();
  await ended;
  expect(turning.began).toHaveLength(1);
});
