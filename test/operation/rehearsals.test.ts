import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionsOf } from '../../src/operation/alerts/rules.ts';
import { metricsOf } from '../../src/operation/metrics/metrics.ts';
import { page } from '../../src/operation/page/page.ts';
import { isTestDue, planStatusOf, type SeenPlan, type StandingRun } from '../../src/operation/rehearsals.ts';
import { planOf, runWords } from '../../src/operation/words.ts';
import { aStatus, now } from './a-status.ts';

const day = 86_400_000;
const weekly = { schedule: { every: 7 * day }, timezone: 'UTC', windows: [] };
const sundays = { schedule: { cron: '0 3 * * 0' }, timezone: 'UTC', windows: [] };
const plan = (more: Partial<SeenPlan> = {}): SeenPlan => ({
  ...{ plan: 'web', address: 'recovery_plan:web', repository: 's3://dr/vms', since: now - day },
  ...more,
});
const tested = (ago: number, ok = true) => ({
  tested: { number: 4, began: now - ago, at: now - ago + 60_000, ok, took: 60_000 },
  ...(ok && { passed: now - ago + 60_000 }),
});

const aRun = (more: Partial<StandingRun> = {}): StandingRun => ({
  number: 5,
  kind: 'failover',
  state: 'running',
  began: now - 600_000,
  machines: { all: 3, launched: 2, probed: 1 },
  steps: [
    { at: now - 300_000, text: 'launched web01 as i-1' },
    { at: now - 60_000, text: 'launched db01 as i-2' },
  ],
  ...more,
});

describe('how a recovery plan stands', () => {
  test.each<[string, SeenPlan, string, string]>([
    ['nobody said how often', plan(), 'unscheduled', 'never rehearsed'],
    ['new', plan({ timetable: weekly }), 'never', 'never rehearsed; the next is due'],
    ['by the calendar', plan({ timetable: sundays }), 'never', 'never rehearsed; the next is due in '],
    [
      'in time',
      plan({ timetable: weekly, ...tested(3 * day) }),
      'rehearsed',
      'test 4 passed in 60 s, 2 d ago; the next is due in 3 d',
    ],
    [
      'failed, and none passed',
      plan({ timetable: weekly, ...tested(day, false) }),
      'failed',
      'test 4 failed in 60 s, 23 h 59 min ago; none has passed; the next is due in 5 d',
    ],
    [
      'never passed for two intervals',
      plan({ timetable: weekly, since: now - 15 * day, ...tested(day, false) }),
      'overdue',
      'overdue for 24 h',
    ],
    ['too old', plan({ timetable: weekly, ...tested(15 * day) }), 'overdue', 'the next is due'],
  ])('%s', (_, seen, state, words) => {
    const status = planStatusOf(seen, now);
    expect(status.state).toBe(state);
    expect(planOf(status, now)).toContain(words);
  });

  test('one that stands is not begun beside, and what is due is due until it is tested', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.boolean(), fc.boolean(), (days, ok, stands) => {
        const seen = plan({ timetable: weekly, ...tested(days * day, ok), ...(stands && { run: aRun() }) });
        expect(isTestDue(seen, now)).toBe(!stands && days >= 7);
        // An overdue one is due, unless one that failed has been tried since.
        if (planStatusOf(seen, now).state === 'overdue' && ok && !stands)
          expect(isTestDue(seen, now)).toBe(true);
      }),
    );
  });

  test('is told, measured and shown', () => {
    const late = planStatusOf(plan({ timetable: weekly, ...tested(20 * day) }), now);
    const bad = planStatusOf(plan({ plan: 'db', timetable: weekly, ...tested(day, false) }), now);
    const known = {
      failing: new Map(),
      declaredSince: new Map(),
      seen: new Set<string>(),
      ahead: new Map(),
      own: [],
    };
    const found = conditionsOf([], { ...known, plans: [late, bad] }, now);
    expect(found.map(({ rule, subject }) => `${rule} ${subject}`)).toEqual([
      'rehearsal-overdue web',
      'rehearsal-failed db',
    ]);
    const status = aStatus([], { plans: [late, bad], repositories: [{ url: 's3://dr/vms' }] });
    expect(metricsOf(status, { version: '1' })).toMatch(
      /converge_plan_deadline_timestamp_seconds\{plan="web",repository="s3:\/\/dr\/vms"\} \d+/,
    );
    const html = page({ status, tracks: [], alerts: [], movers: [] });
    expect(html).toMatch(/Recovery plans.*<th scope=row>web<td class=bad>test 4 passed/);
  });

  test('a failover shows its steps while it goes on, and how long it may stand', () => {
    expect(runWords(aRun(), now)).toBe(
      'failover 5 is at work, begun 10 min ago: 2 of 3 machines launched, 1 probed; last, 60 s ago: launched db01 as i-2',
    );
    const test5 = aRun({ kind: 'test', state: 'standing', expires: now - 60_000 });
    expect(runWords(test5, now)).toBe('test 5 stands, begun 10 min ago; to be over since 60 s');
    const htmlOf = (run: StandingRun) =>
      page({
        status: aStatus([], { plans: [planStatusOf(plan({ run }), now)], repositories: [] }),
        tracks: [],
      });
    const html = htmlOf(aRun());
    expect(html).toMatch(/<h3>web<\/h3>.*<details open>.*<li><time.*launched web01 as i-1<li>.*db01/s);
    expect(htmlOf(test5)).toContain('<details><summary>2 steps');
    const many = htmlOf(
      aRun({ steps: Array.from({ length: 400 }, (_, n) => ({ at: now, text: `step ${n} <b>` })) }),
    );
    expect(many).toContain('360 steps before these');
    expect(many.match(/<li><time/g)).toHaveLength(40);
    expect(many).toContain('step 399 &#60;b&#62;');
  });
});
