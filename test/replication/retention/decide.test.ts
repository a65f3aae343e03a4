import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datesOf } from '../../../src/replication/retention/dates.ts';
import { type Aged, decide, decideWith, FEWEST } from '../../../src/replication/retention/decide.ts';
import { bucketOf, type Retention, RULES } from '../../../src/replication/retention/policy.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 28, 12);

const policies = fc.record(
  Object.fromEntries(RULES.map(rule => [rule, fc.integer({ min: 0, max: 400 * DAY })])),
  { requiredKeys: [] },
) as fc.Arbitrary<Retention>;
const histories = fc
  .array(
    fc.record({
      back: fc.integer({ min: 0, max: 500 * DAY }),
      broken: fc.boolean(),
      future: fc.constantFrom(false, false, false, true),
      pinned: fc.constantFrom([], [], ['web/3']),
    }),
    { maxLength: 60 },
  )
  .map(rows =>
    rows
      .toSorted((a, b) => b.back - a.back)
      .map(
        ({ back, ...rest }, n, all): Aged => ({
          id: String(n),
          generation: n + 1,
          at: NOW - back,
          head: n === all.length - 1,
          ...rest,
        }),
      ),
  );
const kept = (points: Aged[], policy: Retention | undefined, held?: boolean): Aged[] =>
  decide(points, policy, NOW, held).flatMap(one => (one.keep ? [one.point] : []));

test('the newest whole points, the head, pins and wrong dates stay; a hold or no policy keeps everything', () =>
  fc.assert(
    fc.property(histories, policies, (points, policy) => {
      const stays = kept(points, policy);
      const whole = points.filter(({ broken, future }) => !broken && !future);
      for (const one of whole.slice(-FEWEST)) expect(stays).toContain(one);
      for (const one of points)
        if (one.head || one.future || one.pinned!.length > 0) expect(stays).toContain(one);
      expect(kept(points, policy, true)).toEqual(points);
      expect(kept(points, undefined)).toEqual(points);
    }),
  ));

test('what is left is decided the same way, and longer spans keep all that shorter ones keep', () =>
  fc.assert(
    fc.property(histories, policies, policies, (points, policy, more) => {
      const stays = kept(points, policy);
      expect(kept(stays, policy)).toEqual(stays);
      const longer = Object.fromEntries(
        RULES.flatMap(rule => {
          const span = Math.max(policy[rule] ?? -1, more[rule] ?? -1);
          return span < 0 ? [] : [[rule, span]];
        }),
      );
      for (const one of stays) expect(kept(points, longer)).toContain(one);
    }),
  ));

test('what is in force keeps its points until something else is applied, and nothing else changes', () =>
  fc.assert(
    fc.property(histories, policies, policies, (points, declared, inForce) => {
      const [a, b] = [new Set(kept(points, declared)), new Set(kept(points, inForce))];
      const both = decideWith(points, { declared, inForce }, NOW);
      for (const { point, keep, why } of both) {
        expect(keep).toBe(a.has(point) || b.has(point));
        expect((why as string[]).includes('in-force')).toBe(!a.has(point) && b.has(point));
      }
      expect(decideWith(points, { declared, inForce: undefined }, NOW)).toEqual(
        decide(points, declared, NOW),
      );
    }),
  ));

test('a broken point stands for nothing: each hour, day and month with a whole one keeps a whole one', () =>
  fc.assert(
    fc.property(histories, policies, (points, policy) => {
      const stays = kept(points, policy);
      for (const rule of RULES)
        for (const one of points) {
          if (rule === 'all' || one.broken || one.future || one.at <= NOW - (policy[rule] ?? 0)) continue;
          const same = stays.filter(({ at }) => bucketOf(rule, at) === bucketOf(rule, one.at));
          expect(same.some(({ broken }) => !broken)).toBe(true);
        }
    }),
  ));

test('a quarter-hourly VM under all 24h, hourly 3d, daily 30d, monthly 1y', () => {
  const points = Array.from(
    { length: 400 * 96 },
    (_, n): Aged => ({ id: String(n), generation: n + 1, at: NOW - (400 * 96 - n) * 15 * 60_000 }),
  );
  const decisions = decide(points, { all: DAY, hourly: 3 * DAY, daily: 30 * DAY, monthly: 365 * DAY }, NOW);
  const stays = decisions.filter(({ keep }) => keep);
  const of = (rule: string) => stays.filter(({ why }) => (why as string[]).includes(rule)).length;
  expect([of('all'), of('hourly'), of('daily'), of('monthly')]).toEqual([95, 72, 31, 13]);
  // The last point of a day is that of its last hour, and the last of a month that of its last day.
  expect(stays).toHaveLength(95 + 48 + 27 + 11);
  expect(decisions[0]).toMatchObject({ keep: false, why: ['too-old'] });
  expect(decisions.find(({ keep, why }) => !keep && why[0] !== 'too-old')?.why).toEqual(['another-stands']);
});

test('weeks begin on Monday by UTC, months and years where the calendar says', () => {
  const monday = Date.UTC(2026, 10, 23);
  expect(bucketOf('weekly', monday)).toBe(bucketOf('weekly', monday + 7 * DAY - 1));
  expect(bucketOf('weekly', monday)).toBe(bucketOf('weekly', monday - 1) + 1);
  const leap = Date.UTC(2028, 1, 29, 23, 59);
  expect(bucketOf('monthly', leap)).toBe(bucketOf('monthly', Date.UTC(2028, 1, 1)));
  expect(bucketOf('yearly', Date.UTC(2027, 0, 1))).toBe(bucketOf('yearly', Date.UTC(2027, 0, 1) - 1) + 1);
});

test('dates go by generation and by the store: a point dated back or ahead wins nothing', () => {
  const at = (day: number) => NOW + day * DAY;
  const dates = datesOf([
    { generation: 1, time: at(-3), arrived: at(-3) },
    { generation: 2, time: at(-9), arrived: at(-2) },
    { generation: 3, time: at(900), arrived: at(-1) },
    { generation: 4, time: at(0), arrived: at(0) },
  ]);
  expect(dates).toEqual([
    { at: at(-3), future: false },
    { at: at(-3), future: false },
    { at: at(-1), future: true },
    { at: at(0), future: false },
  ]);
  // A copy, all of which the store got today.
  const copy = datesOf([1, 2].map(generation => ({ generation, time: at(generation - 9), arrived: at(0) })));
  expect(copy.map(one => one.at)).toEqual([at(-8), at(-7)]);
});
