import { describe, expect, test } from 'vitest';
import { type Simulated, simulate } from '../support/simulation.ts';

const minute = 60_000;
const usual = { every: 15 * minute, rpo: 30 * minute, cycle: [24_000, 96_000] as [number, number] };

const cases: [string, Simulated][] = [
  ['a week of few VMs', { ...usual, vms: 10, slots: 2, days: 7 }],
  [
    'an agent dies',
    { ...usual, vms: 100, slots: 8, days: 1, kills: [{ at: 200 * minute, away: 6 * minute }] },
  ],
  [
    'first copies of hours',
    { ...usual, vms: 100, slots: 10, days: 1, firsts: { count: 8, takes: 240 * minute } },
  ],
  [
    'first copies of hours beside a limit',
    {
      ...{ ...usual, vms: 100, slots: 20, days: 1, firsts: { count: 8, takes: 240 * minute } },
      ...{ cycle: [24_000, 36_000], vcenters: { count: 1, most: 5 } },
    },
  ],
  [
    'rescans of hours beside a limit',
    {
      ...{ ...usual, vms: 100, slots: 20, days: 1, rescans: { of: 100, takes: 240 * minute } },
      ...{ cycle: [24_000, 36_000], vcenters: { count: 1, most: 5 } },
    },
  ],
  ['rescans of an hour', { ...usual, vms: 100, slots: 10, days: 1, rescans: { of: 20, takes: 60 * minute } }],
  [
    'limits as narrow as the slots',
    { ...usual, vms: 100, slots: 8, days: 1, vcenters: { count: 4, most: 2 } },
  ],
  [
    'ten movers, of which one dies every hour',
    {
      ...{ ...usual, vms: 200, slots: 20, days: 1 },
      movers: {
        count: 10,
        deaths: Array.from({ length: 23 }, (_, n) => ({
          mover: n % 10,
          at: (n + 1) * 60 * minute,
          away: 10 * minute,
        })),
      },
    },
  ],
  ['a little more than fits', { ...usual, vms: 100, slots: 6, days: 1 }],
];

describe('the scheduling of an agent, on a clock of events', () => {
  test.each(cases)(
    '%s: the RPO is kept as an ideal queue keeps it, within a tenth of a point',
    (_, given) => {
      const own = simulate(given);
      const ideal = simulate({ ...given, ideal: true });
      expect(own.attainment).toBeGreaterThan(ideal.attainment - 0.1);
      // A VM that reads everything for an hour is late in both; all others are in time.
      if (!given.rescans) expect(own.attainment).toBeGreaterThan(99.95);
      expect(own.load).toBeLessThanOrEqual(1);
    },
  );

  test('a limit that starves nobody: fewer places than slots, and every VM still has its turn', () => {
    const { attainment, oldest } = simulate({
      ...usual,
      cycle: [24_000, 36_000],
      vms: 100,
      slots: 20,
      days: 1,
      vcenters: { count: 1, most: 4 },
    });
    expect(attainment).toBe(100);
    expect(oldest).toBeLessThan(usual.rpo);
  });
});
