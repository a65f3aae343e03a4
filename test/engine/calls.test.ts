import { expect, test } from 'vitest';
import { withRetries } from '../../src/aws/with-retries.ts';
import { CallLedger, type Waiting } from '../../src/engine/model/calls.ts';
import type { Clock } from '../../src/io/ports.ts';
import { realRandom } from '../lab/s3/fixture.ts';

function ledger() {
  const told: Waiting[] = [];
  let now = 1_000_000;
  const calls = new CallLedger(() => now);
  calls.told = waiting => void told.push(waiting);
  const long = calls.counter('dr').long!;
  return { told, long, calls, pass: (ms: number) => (now += ms), now: () => now };
}

const broken = new Error('connection reset');

test('that a target is waited for is told once, however many wait, and once that it answers', () => {
  const { told, long, calls, pass, now } = ledger();
  const began = now();
  long.waits(broken, began);
  pass(9_000);
  long.waits(broken, began);
  expect(told).toEqual([]);
  pass(2_000);
  for (let i = 0; i < 16; i++) long.waits(broken, began + i);
  expect(told).toEqual([{ target: 'dr', why: 'connection reset' }]);
  calls.counter('dr').long!.cameThrough();
  long.cameThrough();
  pass(20_000);
  // One that hasn't heard yet that it is over.
  long.waits(broken, began + 3);
  expect(told.slice(1)).toEqual([{ target: 'dr' }]);
});

test('another outage is told anew, and each target by itself', () => {
  const { told, long, calls, pass, now } = ledger();
  const outage = (of = long) => {
    const began = now();
    pass(11_000);
    of.waits(broken, began);
  };
  outage();
  outage(calls.counter('home').long!);
  long.cameThrough();
  pass(1);
  outage();
  expect(told).toEqual([
    { target: 'dr', why: 'connection reset' },
    { target: 'home', why: 'connection reset' },
    { target: 'dr' },
    { target: 'dr', why: 'connection reset' },
  ]);
});

test.each(['bulk', 'quick'] as const)('what is tried again with the %s patience', async patience => {
  const { told, long, pass, now } = ledger();
  const clock: Clock = { now, sleep: async ms => void pass(ms) };
  const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  let attempts = 0;
  const call = withRetries(
    async () => {
      pass(4_000);
      if (++attempts < 5) throw lost;
    },
    { clock, random: realRandom, long },
    { patience },
  );
  await call;
  const all = [{ target: 'dr', why: 'socket hang up' }, { target: 'dr' }];
  expect(told).toEqual(patience === 'bulk' ? all : []);
});
