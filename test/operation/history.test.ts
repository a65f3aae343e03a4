import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attainment, knownUntil, type PastCycle, summed } from '../../src/operation/history.ts';

test('attainment is what a look at each moment would give', () => {
  const points = fc.array(
    fc.record({ time: fc.integer({ min: 0, max: 60 }), good: fc.integer({ min: 1, max: 20 }) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      points,
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      (made, from, span) => {
        const all = made.map(({ time, good }) => ({ time, until: time + good }));
        const to = from + span;
        const first = Math.min(...all.map(({ time }) => time));
        const moments = Array.from({ length: span }, (_, n) => from + n).filter(at => at >= first);
        const kept = moments.filter(at => all.some(({ time, until }) => time <= at && at < until)).length;
        const own = attainment(all, from, to);
        if (moments.length === 0) expect(own).toBeUndefined();
        else expect(own).toBeCloseTo((100 * kept) / moments.length);
      },
    ),
  );
});

test('a sum names resyncs by their reason, and counts failures of the span alone', () => {
  const cycle = (ended: number, more: Partial<PastCycle>): PastCycle => ({
    vm: 'dc02',
    began: ended - 1,
    ended,
    ...more,
  });
  const made = (time: number, mode: 'full' | 'rescan' | 'incremental', reason: string) => ({
    made: {
      uuid: 'u',
      name: 'dc02',
      time,
      generation: 1,
      mode,
      reason,
      until: time + 30,
      read: 0,
      uploaded: 0,
    },
  });
  const failed = { failed: { code: 'vm-not-found', message: 'gone' } };
  const cycles = [
    cycle(10, made(9, 'full', 'first-cycle')),
    cycle(20, made(19, 'rescan', 'change-id-epoch')),
    cycle(30, failed),
    cycle(40, made(39, 'incremental', 'changed-areas')),
  ];
  expect(summed(cycles, 15, 60)).toEqual([
    { vm: 'dc02', cycles: 3, failed: 1, resyncs: { 'change-id-epoch': 1 }, attainment: 100 },
  ]);
});

test('what agents have not written down yet is not held against anybody, and silence is', () => {
  const minute = 60_000;
  const until = (...written: number[]) =>
    knownUntil(
      written.map(one => one * minute),
      0,
      100 * minute,
    ) / minute;
  expect(until(80.5, 91)).toBe(91);
  expect(until(70, 79)).toBe(100);
  expect(until()).toBe(100);
  // By a clock that is ahead.
  expect(until(105)).toBe(100);
  expect(until(-5)).toBe(100);
});
