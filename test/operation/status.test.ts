import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeclaredVm, SeenRepository, SeenVm, State } from '../../src/operation/model.ts';
import { isAllKept, isBreached, statusOf } from '../../src/operation/status.ts';
import { whyOf } from '../../src/operation/words.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 28, 12);
const url = 's3://dr/vms';

const declare = (more: Partial<DeclaredVm> = {}): DeclaredVm => ({
  address: 'protected_vm:dc02',
  title: 'dc02',
  repository: url,
  timetable: { schedule: { every: 15 * minute }, timezone: 'UTC', windows: [] },
  ...more,
});
const seen = (age: number | undefined, more: Partial<SeenVm> = {}): SeenVm => ({
  uuid: 'u-1',
  ...(age !== undefined && {
    name: 'DC02',
    newest: {
      id: 'p',
      generation: 3,
      time: now - age,
      consistency: 'application' as const,
      mode: 'incremental' as const,
      reason: 'changed-areas',
    },
  }),
  ...more,
});
const holding = (vms: SeenVm[], more: Partial<SeenRepository> = {}): SeenRepository => ({
  url,
  now,
  vms,
  pauses: [],
  plans: [],
  ...more,
});
const one = (declared: DeclaredVm, repository: SeenRepository) => statusOf([declared], [repository])[0]!;
const night = [[{ from: '20:00', to: '06:00' }]];
const nightly = declare({ timetable: { ...declare().timetable, windows: night } });

const moves = (vm: string, at: number) => ({
  ...{ id: 'm', host: 'h', since: at, at, slots: 1 },
  running: [{ vm, since: at }],
});

describe('how a VM stands', () => {
  test.each<[string, DeclaredVm, SeenRepository, State, string, boolean]>([
    ['young', declare(), holding([seen(5 * minute)]), 'kept', 'in-time', true],
    ['due', declare(), holding([seen(16 * minute)]), 'late', 'overdue', true],
    ['without a point', declare(), holding([]), 'never', 'no-point', false],
    [
      'without a point, and moved',
      declare(),
      holding([], { movers: [moves('dc02', now - minute)] }),
      'never',
      'first-copy-running',
      false,
    ],
    [
      'without a point, and moved by somebody who is gone',
      declare(),
      holding([], { movers: [moves('dc02', now - 6 * minute)] }),
      'never',
      'no-point',
      false,
    ],
    [
      'due, and moved',
      declare(),
      holding([seen(16 * minute, { leased: now + 1 })]),
      'kept',
      'cycle-running',
      true,
    ],
    [
      'due, and once moved',
      declare(),
      holding([seen(16 * minute, { leased: now })]),
      'late',
      'overdue',
      true,
    ],
    ['too old', declare(), holding([seen(31 * minute)]), 'breached', 'overdue', false],
    [
      'too old, and moved',
      declare(),
      holding([seen(31 * minute, { leased: now + 1 })]),
      'breached',
      'cycle-running',
      false,
    ],
    ['waiting for a window', nightly, holding([seen(365 * minute)]), 'kept', 'window-closed', true],
    [
      'too old, with a window',
      { ...nightly, rpo: 60 * minute },
      holding([seen(365 * minute)]),
      'breached',
      'window-closed',
      false,
    ],
    ['without a point', declare(), holding([seen(undefined)]), 'never', 'no-point', false],
    ['of whom nothing is known', declare(), holding([]), 'never', 'no-point', false],
    [
      'being copied',
      declare({ title: 'U-1' }),
      holding([seen(undefined, { leased: now + 1 })]),
      'never',
      'first-copy-running',
      false,
    ],
    [
      'without a repository',
      declare(),
      holding([], { problem: 'no-repository' }),
      'never',
      'no-repository',
      false,
    ],
    [
      'that can not be seen',
      declare(),
      holding([], { problem: 'repository-unreachable' }),
      'unknown',
      'repository-unreachable',
      false,
    ],
    ['with damage', declare(), holding([seen(minute, { damaged: true })]), 'kept', 'damaged', true],
    [
      'with damage, and due',
      declare(),
      holding([seen(20 * minute, { damaged: true })]),
      'late',
      'damaged',
      true,
    ],
    [
      'with damage, and old',
      declare(),
      holding([seen(31 * minute, { damaged: true })]),
      'breached',
      'damaged',
      false,
    ],
    [
      'of which nothing can be read',
      declare(),
      holding([{ uuid: 'u-1', name: 'dc02', damaged: true }]),
      'unknown',
      'damaged',
      false,
    ],
    ['ahead of its time', declare(), holding([seen(-15 * minute)]), 'unknown', 'future-point', false],
    [
      'with a namesake',
      declare(),
      holding([seen(minute), seen(minute, { uuid: 'u-2' })]),
      'unknown',
      'ambiguous-name',
      false,
    ],
    ['that nobody can list', declare({ unlisted: true }), holding([]), 'unknown', 'selection-unknown', false],
  ])('%s', (_, declared, repository, state, reason, kept) => {
    expect(one(declared, repository)).toMatchObject({ state, reason, kept });
  });

  test('one that was made anew under its name takes the place of the one before, which is told', () => {
    const older = seen(3 * 60 * minute);
    const younger = (first?: number) => seen(minute, { uuid: 'u-2', ...(first !== undefined && { first }) });
    const states = (vms: SeenVm[]) =>
      statusOf([declare()], [holding(vms)]).map(({ uuid, state, reason }) => `${uuid} ${state} ${reason}`);
    expect(states([older, younger(now - 20 * minute)])).toEqual([
      'u-2 kept in-time',
      'u-1 unprotected replaced',
    ]);
    // Both had points at one time: nobody can say which of them is meant.
    expect(states([older, younger(now - 4 * 60 * minute)])).toEqual(['undefined unknown ambiguous-name']);
    expect(states([older, younger()])).toEqual(['undefined unknown ambiguous-name']);
    expect(states([{ ...older, damaged: true }, younger(now)])).toEqual(['undefined unknown ambiguous-name']);
    expect(isBreached(one(declare(), holding([older, younger()])))).toBe(true);
    expect(states([older, seen(31 * minute, { uuid: 'u-2', first: now - 40 * minute })])[0]).toBe(
      'u-2 breached overdue',
    );
  });

  test('paused: no cycle is next, and its RPO goes on counting', () => {
    const pauses = [{ vm: 'u-1', until: now + minute, why: 'paused' as const, at: now - 60 * minute }];
    const young = one(declare(), holding([seen(minute)], { pauses }));
    expect(young).toMatchObject({ state: 'paused', reason: 'paused', kept: true, pausedUntil: now + minute });
    expect(young.next).toBeUndefined();
    expect(isBreached(young)).toBe(false);
    const old = one(declare(), holding([seen(31 * minute)], { pauses }));
    expect(old).toMatchObject({ state: 'paused', kept: false });
    expect(isBreached(old)).toBe(true);
    expect(whyOf(old)).toMatch(/; its RPO is breached$/);
    const over = holding([seen(minute)], { pauses, now: now + minute });
    expect(one(declare(), over).state).toBe('kept');
  });

  test('paused before it had a point: by the name that it is declared by, and nobody says that it is kept', () => {
    const pauses = [{ vm: 'dc02', until: now + minute, why: 'paused' as const, at: now - minute }];
    const paused = one(declare({ title: 'DC02' }), holding([], { pauses }));
    expect(paused).toMatchObject({ state: 'paused', reason: 'paused', pausedUntil: now + minute });
    expect(isBreached(paused)).toBe(true);
    expect(whyOf(paused)).toMatch(/; it has no recovery point$/);
    expect(one(declare(), holding([seen(minute)], { pauses }))).toMatchObject({
      state: 'paused',
      kept: true,
    });
    expect(one(declare(), holding([], { pauses, now: now + minute })).state).toBe('never');
  });

  test('a selection that means no VM is not kept, and a dead man is not told so', () => {
    const [empty] = statusOf([declare({ title: 'gold', empty: true })], [holding([])]);
    expect(empty).toMatchObject({ vm: 'gold', state: 'never', reason: 'selection-empty' });
    expect(isBreached(empty!)).toBe(true);
    const kept = one(declare(), holding([seen(minute)]));
    expect([[], [kept], [kept, empty!]].map(isAllKept)).toEqual([false, true, false]);
    const unknown = one(declare({ unlisted: true }), holding([]));
    expect(isAllKept([kept, unknown])).toBe(false);
    const leftOver = statusOf([], [holding([seen(minute)])]);
    expect(isAllKept([kept, ...leftOver])).toBe(true);
  });

  test('failed over: it says so until somebody ends it', () => {
    const pauses = [{ vm: 'u-1', why: 'failed-over' as const, at: 0 }];
    expect(one(declare(), holding([seen(minute)], { pauses }))).toMatchObject({
      state: 'paused',
      reason: 'failed-over',
    });
  });

  test('committed: nothing protects it until snapshots there do, and those grow old as points do', () => {
    const pauses = [{ vm: 'u-1', why: 'failed-over' as const, at: 0, by: 'web/1', committed: 1 }];
    const of = (more: object) => one(declare(), holding([seen(60 * minute)], { pauses, ...more }));
    expect(of({})).toMatchObject({ state: 'unprotected', reason: 'lives-in-aws', kept: false });
    const covers = [{ vm: 'u-1', at: now - 10 * minute, every: 10 * minute }];
    expect(of({ covers })).toMatchObject({ state: 'kept', reason: 'snapshots-in-aws', age: 10 * minute });
    const lacking = of({ covers: [{ ...covers[0]!, lacks: ['vol-1 (/dev/sdf)'] }] });
    expect(lacking).toMatchObject({ state: 'breached', reason: 'volume-uncovered', kept: false });
    const old = of({ covers: [{ vm: 'u-1', at: now - 21 * minute, every: 10 * minute }] });
    expect(old).toMatchObject({ state: 'breached', target: 20 * minute });
    expect(isBreached(old)).toBe(true);
    expect(of({ covers: [{ ...covers[0]!, vm: 'u-2' }] })).toMatchObject({ state: 'unprotected' });
  });

  test('what is in a repository and not declared', () => {
    const repository = holding([seen(minute)]);
    expect(statusOf([], [repository])).toMatchObject([
      { vm: 'DC02', state: 'unprotected', reason: 'not-declared', age: minute },
    ]);
    expect(statusOf([], [repository], [], 'nothing')).toMatchObject([
      { state: 'unknown', reason: 'no-target' },
    ]);
    const pauses = [{ vm: 'u-1', until: now + minute, why: 'paused' as const, at: 0 }];
    const [paused] = statusOf([], [holding([seen(minute)], { pauses })], [], 'nothing');
    expect(paused).toMatchObject({ state: 'paused', reason: 'paused', pausedUntil: now + minute });
    // Nothing says how old its newest point may become.
    expect(isBreached(paused!)).toBe(false);
    expect(whyOf(paused!)).not.toContain('breached');
    // What was failed over is told whatever is still declared at home.
    const over = { vm: 'u-1', why: 'failed-over' as const, at: 0, by: 'web/1' };
    const there = (pause: object) =>
      statusOf([], [holding([seen(minute)], { pauses: [{ ...over, ...pause }] })])[0]!;
    expect(there({})).toMatchObject({ state: 'paused', reason: 'failed-over' });
    expect(there({ committed: 1 })).toMatchObject({ state: 'unprotected', reason: 'lives-in-aws' });
    expect(isBreached(there({ committed: 1 }))).toBe(true);
    // It may be one of those that nobody can list.
    expect(statusOf([declare({ unlisted: true, title: 'gold' })], [repository])[1]).toMatchObject({
      state: 'unknown',
      reason: 'selection-unknown',
    });
  });

  test.each([
    [{ age: 20 * minute, behind: 1, every: 15 * minute }, 'kept'],
    [{ age: 31 * minute, behind: 1, every: 15 * minute }, 'breached'],
    [{ age: 31 * minute, behind: 0, every: 15 * minute }, 'kept'],
    [{ behind: 4 }, 'never'],
    [{ behind: 0, unknown: true as const }, 'unknown'],
  ] as const)('its replica %o: %s', (replica, state) => {
    const [status] = statusOf([declare()], [holding([seen(minute)])], [{ vm: 'dc02', ...replica }]);
    expect(status!.replica?.state).toBe(state);
    expect(isBreached(status!)).toBe(state === 'breached' || state === 'never');
  });

  test('the newest rehearsal that it was in', () => {
    const run = { plan: 'web', number: 1, began: 1, vms: ['u-1'] };
    const runs = [{ ...run, number: 2, began: 2 }, run, { ...run, number: 3, began: 3, vms: ['u-9'] }];
    const plans = runs.map(newest => ({
      plan: 'web',
      address: 'recovery_plan:web',
      repository: url,
      newest,
    }));
    expect(one(declare(), holding([seen(minute)], { plans })).rehearsal).toEqual({
      plan: 'web',
      number: 2,
      began: 2,
    });
  });
});

describe('over all histories', () => {
  const ages = fc.option(fc.integer({ min: -120 * minute, max: 600 * minute }), { nil: undefined });
  const vm = fc.record({
    age: ages,
    leased: fc.option(fc.integer({ min: now - minute, max: now + minute }), { nil: undefined }),
    isDeclared: fc.boolean(),
    rpo: fc.option(fc.integer({ min: 15 * minute, max: 300 * minute }), { nil: undefined }),
    pausedFor: fc.option(fc.integer({ min: -minute, max: minute }), { nil: undefined }),
  });

  test('each VM has exactly one state, nothing is left out, and kept means what it says', () => {
    fc.assert(
      fc.property(fc.array(vm, { maxLength: 12 }), vms => {
        const there = vms.map(({ age, leased }, n): SeenVm => {
          const { name: _, ...rest } = seen(age, leased === undefined ? {} : { leased });
          return { ...rest, uuid: `u-${n}`, ...(age !== undefined && { name: `vm${n}` }) };
        });
        const declared = vms.flatMap(({ isDeclared, rpo }, n) =>
          isDeclared
            ? [declare({ title: `u-${n}`, address: `${n}`, ...(rpo !== undefined && { rpo }) })]
            : [],
        );
        const pauses = vms.flatMap(({ pausedFor }, n) =>
          pausedFor === undefined
            ? []
            : [{ vm: `u-${n}`, until: now + pausedFor, why: 'paused' as const, at: 0 }],
        );
        const all = statusOf(declared, [holding(there, { pauses })]);
        expect(all.map(({ uuid, vm: title }) => uuid ?? title).toSorted()).toEqual(
          there.map(({ uuid }) => uuid).toSorted(),
        );
        for (const status of all) {
          const { state, kept, deadline, pausedUntil } = status;
          if (state === 'kept' || state === 'late') expect(kept && now <= deadline!).toBe(true);
          if (state === 'breached') expect(now).toBeGreaterThan(deadline!);
          if (state === 'never') expect(status.newest).toBeUndefined();
          if (state === 'paused') expect(pausedUntil).toBeGreaterThan(now);
          expect(state === 'unprotected').toBe(!declared.some(({ title }) => title === status.uuid));
          if (isBreached(status)) expect(kept).toBe(false);
        }
      }),
    );
  });

  test('as time goes by a point is kept, then late, then breached, and never better again', () => {
    const order: State[] = ['unknown', 'kept', 'late', 'breached'];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 * minute }), { maxLength: 20 }), pauses => {
        let at = now - 60 * minute;
        let reached = 0;
        for (const pause of pauses) {
          at += pause;
          const { state } = one(declare(), holding([seen(0)], { now: at }));
          expect(order.indexOf(state)).toBeGreaterThanOrEqual(reached);
          reached = order.indexOf(state);
        }
      }),
    );
  });
});
