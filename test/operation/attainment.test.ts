import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agesOf, attainmentOf, stretchesOf } from '../../src/operation/attainment.ts';
import { monthSpan } from '../../src/operation/evidence.ts';
import { hour, minute } from './a-status.ts';

const rpo = (ms: number) => (time: number) => time + ms;

test('a point counts from when it was complete, and its age from its snapshot', () => {
  const points = [
    { time: 0, complete: 5 * minute },
    { time: 20 * minute, complete: 70 * minute },
  ];
  expect(stretchesOf(points, rpo(hour), 0, 3 * hour)).toEqual([
    { from: 0, to: 5 * minute, state: 'unknown' },
    { from: 5 * minute, to: 60 * minute, state: 'kept' },
    { from: 60 * minute, to: 70 * minute, state: 'breached' },
    { from: 70 * minute, to: 80 * minute, state: 'kept' },
    { from: 80 * minute, to: 3 * hour, state: 'breached' },
  ]);
  expect(attainmentOf(stretchesOf(points, rpo(hour), 0, 3 * hour))).toEqual({
    share: 65 / 175,
    known: 175 * minute,
    breaches: 2,
    longest: 100 * minute,
  });
  expect(agesOf(points, rpo(hour), 0, 2 * hour, 4)).toEqual([0.5, 1, 70 / 60, 100 / 60]);
});

test('at any moment it says what the newest complete point then says, and leaves no moment out', () => {
  const point = fc
    .record({ time: fc.integer({ min: 0, max: 1000 }), took: fc.integer({ min: 0, max: 200 }) })
    .map(({ time, took }) => ({ time, complete: time + took }));
  fc.assert(
    fc.property(fc.array(point, { maxLength: 12 }), fc.integer({ min: 1, max: 300 }), (points, target) => {
      const [from, to] = [100, 1100];
      const stretches = stretchesOf(points, rpo(target), from, to);
      expect(stretches[0]?.from).toBe(from);
      expect(stretches.at(-1)?.to).toBe(to);
      for (const [at, stretch] of stretches.entries()) {
        if (at > 0) expect(stretch.from).toBe(stretches[at - 1]!.to);
        for (let moment = stretch.from; moment < stretch.to; moment++) {
          const there = points.filter(({ complete }) => complete <= moment).map(({ time }) => time);
          const newest = Math.max(...there);
          expect(stretch.state).toBe(
            there.length === 0 ? 'unknown' : moment < newest + target ? 'kept' : 'breached',
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a month ends with itself, or now, and one that is not there is none', () => {
  const now = Date.UTC(2026, 10, 28);
  expect(monthSpan('2026-02', now)).toEqual({ from: Date.UTC(2026, 1), to: Date.UTC(2026, 2) });
  expect(monthSpan('2026-11', now)).toEqual({ from: Date.UTC(2026, 10), to: now });
  for (const wrong of ['2026-12', '2026-13', '2026-1', '1999-01', 'x'])
    expect(monthSpan(wrong, now)).toBeUndefined();
});
