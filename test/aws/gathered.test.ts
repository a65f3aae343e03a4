import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gathered } from '../../src/aws/recovery/calls/gathered.ts';
import { ec2Pace } from '../../src/aws/recovery/calls/pace.ts';
import type { Clock } from '../../src/io/ports.ts';

/** Answers a question with itself, when it is told to. */
function oracle(fails: (question: string) => boolean = () => false, most = 100) {
  const calls: string[][] = [];
  const answering: (() => void)[] = [];
  const ask = gathered<string, string>(
    question => question[0] ?? '',
    most,
    async questions => {
      calls.push(questions);
      await new Promise<void>(go => answering.push(go));
      if (questions.some(fails)) throw new Error(`no: ${questions.join()}`);
      return questions;
    },
  );
  return {
    ask,
    calls,
    async answerAll() {
      for (let turns = 0; turns < 50; turns++) {
        answering.shift()?.();
        await new Promise(setImmediate);
      }
    },
  };
}

test('questions that come while one is under way go together in the next, by their kind', async () => {
  const { ask, calls, answerAll } = oracle(undefined, 3);
  const all = Promise.all(['a1', 'a2', 'b1', 'a3', 'a4', 'a5'].map(each => ask(each)));
  await answerAll();
  expect(await all).toEqual(['a1', 'a2', 'b1', 'a3', 'a4', 'a5']);
  expect(calls).toEqual([['a1'], ['a2', 'a3', 'a4'], ['b1'], ['a5']]);
});

test('one question that fails spoils no other', async () => {
  const { ask, calls, answerAll } = oracle(question => question === 'a3');
  const all = Promise.allSettled(['a1', 'a2', 'a3', 'a4'].map(each => ask(each)));
  await answerAll();
  expect((await all).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(calls).toEqual([['a1'], ['a2', 'a3', 'a4'], ['a2'], ['a3'], ['a4']]);
});

/** A clock that goes on by what is slept, all sleepers side by side. */
function stepped(): Clock & { add(ms: number): void } {
  let now = 0;
  const asleep: { until: number; wake(): void }[] = [];
  return {
    now: () => now,
    sleep: ms => new Promise<void>(wake => asleep.push({ until: now + ms, wake })),
    add(ms) {
      now += ms;
      for (const one of asleep.filter(({ until }) => until <= now)) {
        asleep.splice(asleep.indexOf(one), 1);
        one.wake();
      }
    },
  };
}

test.each([
  ['RunInstances', 5, 2],
  ['RegisterImage', 50, 5],
  ['DescribeImages', 100, 20],
  ['DescribeInstanceStatus', 50, 10],
])('%s never goes beyond a bucket of %i that gets %i a second', async (action, most, perSecond) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }), async bursts => {
      const clock = stepped();
      const pace = ec2Pace(clock);
      const sent: number[] = [];
      const asked = bursts.reduce((sum, count) => sum + count, 0);
      const all: Promise<unknown>[] = [];
      for (let tick = 0; sent.length < asked || tick < bursts.length; tick++) {
        for (let n = 0; n < (bursts[tick] ?? 0); n++)
          all.push(pace(action).then(() => sent.push(clock.now())));
        await new Promise(setImmediate);
        clock.add(250);
        await new Promise(setImmediate);
      }
      await Promise.all(all);
      for (const [from, began] of sent.entries())
        for (let to = from; to < sent.length; to++)
          expect(to - from + 1).toBeLessThanOrEqual(most + ((sent[to]! - began) / 1000) * perSecond);
    }),
    { numRuns: 20 },
  );
});

test('calls of one action do not hold up those of another', async () => {
  const clock = stepped();
  const pace = ec2Pace(clock);
  for (let n = 0; n < 4; n++) await pace('RunInstances');
  let launched = false;
  const fifth = pace('RunInstances').then(() => {
    launched = true;
  });
  await pace('CreateTags');
  expect(launched).toBe(false);
  clock.add(500);
  await fifth;
});
