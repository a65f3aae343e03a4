import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/io/ports.ts';
import { type Retrying, retry } from '../../src/io/retry.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** A clock that is wherever somebody slept to. */
function recorded() {
  const slept: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
  return { clock, slept };
}

const failing = (times: number) => async (attempt: number) => {
  if (attempt <= times) throw new Error(`failed ${attempt}`);
  return attempt;
};
const mayPass = () => true;

describe('an error that may pass', () => {
  test('is tried again with pauses that grow up to the longest', async () => {
    const { clock, slept } = recorded();
    expect(await retry({ attempts: 6, first: 100, cap: 500 }, { clock, mayPass }, failing(5))).toBe(6);
    expect(slept).toEqual([100, 200, 400, 500, 500]);
  });

  test('is thrown as it is after the last attempt', async () => {
    const { clock, slept } = recorded();
    await expect(
      retry({ attempts: 3, first: 10, growth: 1 }, { clock, mayPass }, failing(9)),
    ).rejects.toThrow('failed 3');
    expect(slept).toEqual([10, 10]);
  });

  test('is tried for a time, and once at its end', async () => {
    const { clock, slept } = recorded();
    const policy = { atMost: 1000, first: 400, growth: 1 };
    await expect(retry(policy, { clock, mayPass }, failing(99))).rejects.toThrow('failed 4');
    expect(slept).toEqual([400, 400, 400]);
  });

  test('is tried so often, and no more once the time is over', async () => {
    const { clock, slept } = recorded();
    const policy = { attempts: 3, atMost: 1000, first: 100, growth: 1 };
    await expect(retry(policy, { clock, mayPass }, failing(9))).rejects.toThrow('failed 3');
    const long = async (attempt: number) => {
      await clock.sleep(600);
      return failing(9)(attempt);
    };
    slept.length = 0;
    await expect(retry(policy, { clock, mayPass }, long)).rejects.toThrow('failed 2');
    expect(slept).toEqual([600, 100, 600]);
  });

  test('is tried at once by a policy without pauses, which needs no clock', async () => {
    expect(await retry({ attempts: 3 }, { mayPass }, failing(2))).toBe(3);
  });
});

test('an error that does not pass is thrown at once, and every error is asked about', async () => {
  const asked: string[] = [];
  const options: Retrying<number> = {
    mayPass: error => {
      asked.push((error as Error).message);
      return asked.length < 2;
    },
  };
  await expect(retry({ attempts: 9 }, options, failing(9))).rejects.toThrow('failed 2');
  await expect(retry({ attempts: 1 }, options, failing(9))).rejects.toThrow('failed 1');
  expect(asked).toEqual(['failed 1', 'failed 2', 'failed 1']);
  await expect(retry({ attempts: 9 }, {}, failing(1))).rejects.toThrow('failed 1');
});

test('a value that is not yet the right one is asked for again, and the last one counts', async () => {
  const { clock } = recorded();
  const isNotYet = (value: number) => value < 3;
  const count = async (attempt: number) => attempt;
  expect(await retry({ attempts: 9, first: 1 }, { clock, isNotYet }, count)).toBe(3);
  expect(await retry({ attempts: 2, first: 1 }, { clock, isNotYet }, count)).toBe(2);
});

test('with randomness a pause is anywhere up to what the policy says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 3, maxLength: 3 }), async shares => {
      const { clock, slept } = recorded();
      const left = [...shares];
      const bytes = () => {
        const four = Buffer.alloc(4);
        four.writeUInt32BE(left.shift()!);
        return four;
      };
      const random = { bytes, uuid: () => '' };
      await retry({ attempts: 4, first: 1000, cap: 1500 }, { clock, random, mayPass }, failing(3));
      const longest = [1000, 1500, 1500];
      for (const [i, ms] of slept.entries()) {
        expect(ms).toBe(Math.ceil((shares[i]! / 2 ** 32) * longest[i]!));
        expect(ms).toBeLessThanOrEqual(longest[i]!);
      }
    }),
  );
});

describe('a signal', () => {
  test('ends the waiting with its reason', async () => {
    const clock = new SteppedClock();
    const stop = new AbortController();
    const done = retry({ attempts: 9, first: 100 }, { clock, mayPass, signal: stop.signal }, failing(9));
    const seen = expect(done).rejects.toThrow('enough');
    await clock.advance(0);
    expect(clock.sleeping).toBe(1);
    stop.abort(new Error('enough'));
    await seen;
  });

  test('that came before is the end of it, and that comes with an error counts more', async () => {
    const stop = new AbortController();
    const work = async () => {
      stop.abort(new Error('enough'));
      throw new Error('failed');
    };
    await expect(retry({ attempts: 1 }, { signal: stop.signal }, work)).rejects.toThrow('enough');
    let begun = 0;
    const count = async () => begun++;
    await expect(retry({ attempts: 1 }, { signal: stop.signal }, count)).rejects.toThrow('enough');
    expect(begun).toBe(0);
  });

  test('does not take away a value that came all the same', async () => {
    const stop = new AbortController();
    const work = async () => {
      stop.abort(new Error('enough'));
      return 'done';
    };
    expect(await retry({ attempts: 1 }, { signal: stop.signal }, work)).toBe('done');
  });
});

describe('what was closed', () => {
  test.each([
    ['an error', failing(9), 'failed 1'],
    ['a value', async (attempt: number) => attempt, 1],
  ])('gives %s of the last attempt', async (_, work, expected) => {
    const clock = new SteppedClock();
    const closing = new AbortController();
    const signal = new AbortController().signal;
    const options = { clock, mayPass, isNotYet: () => true, signal, closed: closing.signal };
    const done = retry({ attempts: 9, first: 100 }, options, work).catch((error: Error) => error.message);
    await clock.advance(0);
    closing.abort(new Error('closed'));
    expect(await done).toBe(expected);
  });
});

test('each pause is told before it', async () => {
  const { clock, slept } = recorded();
  const told: number[] = [];
  const onPause = () => void told.push(slept.length);
  await retry({ attempts: 9, first: 1 }, { clock, mayPass, onPause }, failing(2));
  expect(told).toEqual([0, 1]);
});
