import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createThrottle, takeAll } from '../../src/network/throttle.ts';
import { InstantClock } from '../lab/s3/fixture.ts';

const MB = 1e6;
const at = (rate: (now: number) => number | undefined) => {
  const clock = new InstantClock();
  clock.time = 0;
  return { clock, throttle: createThrottle(clock, rate) };
};

test('any uploads together never send more than the limit allows, and no less than a quarter of a second of it', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 30 * MB }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 125_000, max: 100 * MB }), async (uploads, rate) => {
      const { clock, throttle } = at(() => rate);
      let sent = 0;
      await Promise.all(
        uploads.map(async bytes => {
          for (let left = bytes; left > 0; ) {
            const some = await throttle.take(left);
            left -= some;
            sent += some;
            // What went at once, and what goes before it is made up for.
            expect(sent).toBeLessThanOrEqual((rate * clock.time) / 1000 + rate / 2);
          }
        }),
      );
      expect(clock.time / 1000).toBeLessThanOrEqual(sent / rate + 0.001 * clock.slept.length);
    }),
  );
});

test('everybody gets as much as anybody else, however much they want', async () => {
  const { clock, throttle } = at(() => 1 * MB);
  const got = new Map<number, number>();
  const sender = async (who: number, wanted: number) => {
    while (clock.time < 60_000) got.set(who, (got.get(who) ?? 0) + (await throttle.take(wanted)));
  };
  await Promise.all([1, 2, 3, 4].map(who => sender(who, who * 16 * MB)));
  const shares = [...got.values()];
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(0.25 * MB);
  expect(shares.reduce((sum, one) => sum + one)).toBeGreaterThan(59 * MB);
});

test('a limit that begins or ends counts from that minute on, in the middle of an upload', async () => {
  const { clock, throttle } = at(now => (now < 120_000 ? undefined : now < 240_000 ? 1 * MB : 10 * MB));
  await takeAll(throttle, 5000 * MB);
  expect(clock.time).toBe(0);
  clock.time = 119_000;
  await takeAll(throttle, 1000 * MB);
  expect(clock.time).toBe(119_000);
  clock.time = 120_000;
  // 120 s of 1 MB a second, and what is left by tens.
  await takeAll(throttle, 220 * MB);
  expect(clock.time / 1000).toBeCloseTo(250, 0);
});

test('whoever is ended while it waits takes nothing, and holds nobody up', async () => {
  const { throttle } = at(() => 1 * MB);
  await takeAll(throttle, 1 * MB);
  const aborting = new AbortController();
  const [first, second] = [throttle.take(100, aborting.signal), throttle.take(100)];
  aborting.abort(new Error('ended'));
  await expect(first).rejects.toThrow('ended');
  await expect(second).resolves.toBe(100);
});

test('a clock that is put back stops nothing', async () => {
  const { clock, throttle } = at(() => 1 * MB);
  clock.time = 1_000_000;
  await takeAll(throttle, 1 * MB);
  clock.time = 0;
  await takeAll(throttle, 1 * MB);
  expect(clock.time).toBeLessThanOrEqual(1100);
});

test('of very many each has a turn every few seconds, before its connection is ended for its silence', async () => {
  const { clock, throttle } = at(() => 125_000);
  let longest = 0;
  await Promise.all(
    Array.from({ length: 112 }, async () => {
      for (let last = clock.time; clock.time < 120_000; last = clock.time) {
        await throttle.take(512 * 1024);
        // Of those that leave at the end the others have more, and come later once.
        if (clock.time < 110_000) longest = Math.max(longest, clock.time - last);
      }
    }),
  );
  expect(longest).toBeLessThan(6_000);
});

test('what went at once is made up for by those that come next', async () => {
  const { clock, throttle } = at(() => 1 * MB);
  throttle.owe(10_000);
  expect(clock.time).toBe(0);
  await takeAll(throttle, 2 * MB);
  await throttle.take(1);
  expect(clock.time / 1000).toBeCloseTo(2.01, 1);
});
