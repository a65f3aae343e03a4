import fc from 'fast-check';
import { expect, test } from 'vitest';
import { budgetOf, type Candidate, choose, type Sample } from '../../../src/replication/verify/choose.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 17_000 }), { minLength: 1, maxLength: 60 });
const samples: fc.Arbitrary<Sample> = fc.oneof(
  fc.integer({ min: 1, max: 100 }).map(percent => ({ percent })),
  fc.integer({ min: 17_000, max: 400_000 }).map(bytes => ({ bytes })),
);
const sum = (all: readonly Candidate[]) => all.reduce((total, one) => total + one.bytes, 0);

test('the budget is never exceeded, whatever was read before', () => {
  const packs = fc.array(
    fc.record({
      key: fc.string(),
      bytes: fc.nat(20_000),
      turn: fc.option(fc.nat(9), { nil: undefined }),
    }),
  );
  fc.assert(
    fc.property(packs, fc.nat(100_000), (some, budget) => {
      const candidates = some.map(({ turn, ...one }) => (turn === undefined ? one : { ...one, turn }));
      expect(sum(choose(candidates, budget))).toBeLessThanOrEqual(budget);
    }),
  );
});

test('two runs in a row read more than a budget, and within as many runs as that takes every pack is read', () => {
  fc.assert(
    fc.property(sizes, samples, (all, sample) => {
      let packs: Candidate[] = all.map((bytes, n) => ({ key: `p${n}`, bytes }));
      const budget = budgetOf(sample, packs);
      const runs = 2 * Math.ceil(sum(packs) / budget);
      for (let run = 0; run < runs; run++) {
        const chosen = new Set(choose(packs, budget).map(({ key }) => key));
        packs = packs.map(one => (chosen.has(one.key) ? { ...one, turn: run } : one));
      }
      expect(packs.filter(({ turn }) => turn === undefined)).toEqual([]);
    }),
  );
});

test('what was never read comes before what was read longest ago, and that before all else', () => {
  const packs = [
    { key: 'new', bytes: 1, turn: 9 },
    { key: 'old', bytes: 1, turn: 2 },
    { key: 'never', bytes: 1 },
  ];
  expect(choose(packs, 2).map(({ key }) => key)).toEqual(['never', 'old']);
});

test('bytes that not every pack fits into are refused, and a share is a pack at least', () => {
  const packs = [
    { key: 'a', bytes: 2 ** 24 },
    { key: 'b', bytes: 10 },
  ];
  expect(() => budgetOf({ bytes: 2 ** 20 }, packs)).toThrow(
    '1.0 MiB are less than the largest pack, 16.0 MiB',
  );
  expect(budgetOf({ percent: 1 }, packs)).toBe(2 ** 24);
});
