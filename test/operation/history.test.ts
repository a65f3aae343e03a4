import fc from 'fast-check';
import { expect, test } from 'vitest';
import { knownUntil, type PastCycle, summed } from '../../src/operation/history.ts';

const by = (vm: string, generation: number, time: number, ended: number, until: number): PastCycle => ({
  ...{ vm, began: time, ended },
  made: {
    ...{ uuid: 'u', name: vm, time, generation, mode: 'incremental', reason: 'changed-areas', until },
    ...{ read: 0, uploaded: 0 },
  },
});

test('attainment is what a look at each moment would give, whoever made the points', () => {
  const points = fc.uniqueArray(
    fc.record({
      time: fc.integer({ min: 0, max: 60 }),
      took: fc.integer({ min: 0, max: 5 }),
      noted: fc.boolean(),
    }),
    { maxLength: 8, selector: ({ time }) => time },
  );
  const span = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(points, fc.integer({ min: 0, max: 40 }), span, span, (made, from, length, rpo) => {
      const to = from + length;
      const all = made.map(({ time, took, noted }) => ({ time, complete: time + took, noted }));
      const cycles = all
        .filter(({ noted }) => noted)
        .map(({ time, complete }, n) => by('dc02', n + 1, time, complete, time + rpo));
      const besides = {
        points: new Map([['dc02', all.filter(({ noted }) => !noted)]]),
        deadlines: new Map(),
      };
      const moments = Array.from({ length }, (_, n) => from + n).flatMap(at => {
        const there = all.filter(({ complete }) => complete <= at).map(({ time }) => time);
        return there.length === 0 ? [] : [at < Math.max(...there) + rpo];
      });
      const [own] = summed(cycles, besides, from, to);
      // Without a cycle nobody noted what is declared.
      if (cycles.length === 0) expect(own?.attainment).toBeUndefined();
      else if (moments.length === 0) expect(own!.attainment).toBeUndefined();
      else expect(own!.attainment).toBeCloseTo((100 * moments.filter(Boolean).length) / moments.length);
    }),
  );
});

test('a point that nobody noted counts by what was declared when the nearest one was made', () => {
  const cycles = [by('dc02', 1, 0, 1, 30), by('dc02', 3, 100, 101, 110)];
  const points = new Map([['dc02', [{ time: 40, complete: 41 }]]]);
  const besides = { points, deadlines: new Map() };
  // Kept from 1 to 30, from 41 to 70, and from 101 to 110.
  expect(summed(cycles, besides, 0, 111)[0]!.attainment).toBeCloseTo((100 * (29 + 29 + 9)) / 110);
});

test('points of a VM whose cycles all failed count by what is declared', () => {
  const failed = { vm: 'dc02', began: 0, ended: 1, failed: { code: 'vm-not-found', message: 'gone' } };
  const points = new Map([['dc02', [{ time: 0, complete: 0 }]]]);
  const share = (deadlines: Map<string, (time: number) => number>) =>
    summed([failed], { points, deadlines }, 0, 100)[0]!.attainment;
  expect(share(new Map([['dc02', (time: number) => time + 30]]))).toBeCloseTo(30);
  expect(share(new Map())).toBeUndefined();
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
  expect(summed(cycles, { points: new Map(), deadlines: new Map() }, 15, 60)).toEqual([
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
