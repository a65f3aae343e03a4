import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Aside,
  alertTurn,
  type Keeper,
  type KnownHere,
  keeperOf,
} from '../../src/app/alerts/alert-turn.ts';
import { alertsSince } from '../../src/app/alerts/noted-alerts.ts';
import { type Diagnostic, Failure, world } from '../../src/diagnostics/diagnostic.ts';
import {
  advance,
  claim,
  currentOf,
  delivered,
  deliveries,
  over,
  rejoined,
  succeeded,
  without,
} from '../../src/operation/alerts/lifecycle.ts';
import {
  type AlertState,
  type Condition,
  type Delivery,
  noAlerts,
  type RoutePolicy,
} from '../../src/operation/alerts/model.ts';
import { conditionsOf, judgeOf } from '../../src/operation/alerts/rules.ts';
import type { BoardStore } from '../../src/replication/model/repository.ts';

import { aVm, now } from './a-status.ts';

const minute = 60_000;
const policy = (more: Partial<RoutePolicy> = {}): RoutePolicy => ({
  route: 'ops',
  severity: 'warning',
  isQuiet: () => false,
  ...more,
});

const breach = (vm: string, cause = vm): Condition => ({
  rule: 'breached',
  severity: 'critical',
  cause,
  subject: vm,
  text: `${vm} is late`,
});

/** Movers that share one state, as a repository keeps it. */
function movers(policies: readonly RoutePolicy[] = [policy()]) {
  let state: AlertState = noAlerts;
  const log: string[] = [];
  return {
    log,
    state: () => state,
    /** One turn of one mover; it may die between sending and noting, and messages may be lost. */
    turn(
      now: number,
      conditions: readonly Condition[],
      { fails = false, dies = false, by = 'a' }: { fails?: boolean; dies?: boolean; by?: string } = {},
    ) {
      state = advance(state, conditions, now, by);
      const wanted = deliveries(state, policies, now);
      state = claim(state, wanted, by, now);
      if (dies) return;
      for (const one of wanted) {
        if (!fails) log.push(said(one));
        state = delivered(state, one, !fails, now);
      }
      state = without(state, over(state, policies));
    },
  };
}

const said = ({ kind, alert }: Delivery): string => `${kind} ${alert.subjects.join('+')}`;

describe('an alert', () => {
  test('over random histories each breach opens exactly one and closes it, whoever fails, dies or takes turns', () => {
    const vms = ['x', 'y', 'z'];
    const moment = fc.record({
      breached: fc.subarray(vms),
      fails: fc.boolean(),
      dies: fc.boolean(),
      by: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 40 }), moments => {
        const shared = movers();
        // Turns are a quarter of an hour apart, which is longer than any claim or pause.
        for (const [n, { breached, ...how }] of moments.entries())
          shared.turn(
            n * 15 * minute,
            breached.map(vm => breach(vm)),
            how,
          );
        const end = moments.length;
        for (let n = 0; n < 3; n++) shared.turn((end + n) * 15 * minute, []);
        expect(shared.state().alerts).toEqual([]);
        for (const vm of vms) {
          const own = shared.log.filter(line => line.endsWith(` ${vm}`)).map(line => line.split(' ')[0]);
          // Opened and recovered take turns, and nothing stays open.
          expect(own).toEqual(own.map((_, at) => (at % 2 === 0 ? 'opened' : 'recovered')));
          expect(own.length % 2).toBe(0);
          const heard = moments.map(({ breached, fails, dies }) => ({
            is: breached.includes(vm),
            ok: !fails && !dies,
          }));
          // A breach that a mover saw which could tell it was told, and one that lasts is told once.
          let breaches = 0;
          let told = false;
          for (const { is, ok } of heard) {
            if (!is) told = false;
            else if (ok && !told) {
              told = true;
              breaches++;
            }
          }
          expect(own.length / 2).toBe(breaches);
        }
      }),
    );
  });

  test('one cause is one message that names everybody, and those who join are told together', () => {
    const { turn, log } = movers();
    const away = (...names: string[]) => names.map(vm => breach(vm, 'vCenter'));
    turn(0, away('a', 'b'));
    turn(minute, away('a', 'b', 'c'));
    turn(2 * minute, away('a', 'b', 'c', 'd'));
    turn(6 * minute, away('b', 'c', 'd'));
    turn(7 * minute, []);
    // The one that it was opened for has passed.
    expect(log).toEqual(['opened a+b', 'grown b+c+d', 'recovered b+a+c+d']);
  });

  test('over random histories of one cause each breach is told once, and nobody is named who is kept', () => {
    const vms = ['x', 'y', 'z'];
    const moment = fc.record({
      breached: fc.subarray(vms),
      alone: fc.subarray(vms),
      by: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 40 }), moments => {
        const { turn, log, state } = movers();
        let before: string[] = [];
        for (const [n, { breached, alone, by }] of moments.entries()) {
          const now = n * 15 * minute;
          log.length = 0;
          // Each of both movers sees the same at every moment; what a cause is, they may see otherwise.
          const conditions = breached.map(vm => breach(vm, alone.includes(vm) ? vm : 'away'));
          turn(now, conditions, { by });
          turn(now, conditions, { by: by === 'a' ? 'b' : 'a' });
          const told = log
            .filter(line => !line.startsWith('recovered'))
            .map(line => line.split(' ')[1]!.split('+'));
          for (const vm of told.flat()) expect(breached).toContain(vm);
          for (const vm of breached) {
            const times = told.filter(names => names.includes(vm)).length;
            if (before.includes(vm)) expect(times).toBeLessThanOrEqual(1);
            else expect(times).toBe(1);
          }
          const named = state()
            .alerts.filter(({ ended }) => ended === undefined)
            .flatMap(currentOf);
          expect(named.toSorted()).toEqual(breached);
          for (const { ended, text, subjects } of state().alerts)
            if (ended === undefined) expect(text).toBe(`${subjects[0]} is late`);
          before = breached;
        }
      }),
    );
  });

  test('reminds, keeps quiet about warnings at night, and comes back to a message that failed', () => {
    const night = (now: number) => now < 60 * minute;
    const { turn, log } = movers([policy({ remind: 30 * minute, isQuiet: night })]);
    const slow: Condition = { ...breach('w'), rule: 'drift', severity: 'warning' };
    turn(0, [breach('x'), slow], { fails: true });
    turn(minute / 2, [breach('x'), slow]);
    expect(log).toEqual([]);
    turn(minute, [breach('x'), slow]);
    turn(32 * minute, [breach('x'), slow]);
    expect(log).toEqual(['opened x', 'reminder x']);
    turn(61 * minute, [slow]);
    expect(log.slice(2)).toEqual(['recovered x', 'opened w']);
  });

  test('in quiet hours nobody hears of the end of a warning either, but of that of a breach', () => {
    const { turn, log } = movers([policy({ isQuiet: now => now >= 10 * minute && now < 60 * minute })]);
    const slow: Condition = { ...breach('w'), rule: 'drift', severity: 'warning' };
    turn(0, [breach('x'), slow]);
    turn(11 * minute, []);
    expect(log).toEqual(['opened x', 'opened w', 'recovered x']);
    turn(60 * minute, []);
    expect(log.slice(3)).toEqual(['recovered w']);
  });

  test('a mover that died on the way is stood in for, and two that look at once send one', () => {
    const { turn, log } = movers();
    turn(0, [breach('x')], { dies: true });
    turn(minute, [breach('x')], { by: 'b' });
    expect(log).toEqual([]);
    turn(2 * minute, [breach('x')], { by: 'b' });
    turn(2 * minute, [breach('x')], { by: 'a' });
    expect(log).toEqual(['opened x']);
  });

  test('what one mover alone knows is told once, and is over when that one says so or has died', () => {
    const { turn, log } = movers();
    const own: Condition = { ...breach('manifests'), rule: 'broken-manifests' };
    const third = minute / 3;
    for (let n = 0; n < 60; n++) turn(n * third, n % 2 === 0 ? [own] : [], { by: n % 2 === 0 ? 'a' : 'b' });
    expect(log).toEqual(['opened manifests']);
    turn(20 * minute, [], { by: 'a' });
    expect(log).toEqual(['opened manifests', 'recovered manifests']);
    turn(30 * minute, [own], { by: 'a' });
    turn(31 * minute, [], { by: 'b' });
    expect(log.slice(2)).toEqual(['opened manifests']);
    turn(36 * minute, [], { by: 'b' });
    expect(log.slice(2)).toEqual(['opened manifests', 'recovered manifests']);
  });

  test('whoever sees what another one sees no more is told to look again; one that is started anew goes on', () => {
    let state = advance(noAlerts, [breach('x')], 0, 'a');
    state = advance(state, [breach('x')], 0, 'b');
    state = advance(state, [], minute, 'a');
    expect(state.alerts[0]).toMatchObject({ seen: { b: 0 }, doubted: minute });
    // Said once: that `a` goes on seeing nothing is no news.
    expect(advance(state, [], 2 * minute, 'a')).toEqual(state);
    state = succeeded(state, 'b', 'b2');
    expect(advance(state, [], 2 * minute, 'b2').alerts[0]!.ended).toBe(2 * minute);
  });

  test('a VM stays in the alert that named it when a cause is forgotten, or becomes known', () => {
    const { turn, log } = movers();
    const named = (cause: string | undefined, ...names: string[]) => names.map(vm => breach(vm, cause ?? vm));
    turn(0, named('vCenter', 'a', 'b'));
    // Another mover, or one that was started anew, has not been to the vCenter yet.
    turn(minute, named(undefined, 'a', 'b'), { by: 'b' });
    turn(2 * minute, [...named(undefined, 'a', 'b'), breach('c', 'vCenter')], { by: 'b' });
    turn(3 * minute, named('vCenter', 'a', 'b', 'c'));
    turn(8 * minute, named('vCenter', 'a', 'b', 'c'));
    turn(14 * minute, []);
    expect(log).toEqual(['opened a+b', 'grown a+b+c', 'recovered a+b+c']);
    turn(20 * minute, named(undefined, 'a'));
    turn(21 * minute, named('vCenter', 'a', 'b'));
    turn(22 * minute, named('vCenter', 'a', 'b'));
    expect(log.slice(3)).toEqual(['opened a', 'opened b']);
    turn(23 * minute, []);
    expect(log.slice(3)).toEqual(['opened a', 'opened b', 'recovered a', 'recovered b']);
  });

  test('what nobody can judge is not over, and whoever can judge it ends it', () => {
    const judge = judgeOf([
      { ...aVm(), vm: 'dc02', state: 'unknown', reason: 'repository-unreachable' },
      { ...aVm(), vm: 'all', state: 'unknown', reason: 'selection-unknown' },
      { ...aVm(), vm: 'sql01' },
    ]);
    const never = (vm: string): Condition => ({ ...breach(vm), rule: 'never' });
    const skew: Condition = { ...breach('dc02'), rule: 'skew' };
    const before = advance(noAlerts, [breach('dc02'), breach('sql01'), never('web01'), skew], 0, 'a');
    const open = ({ alerts }: AlertState) =>
      alerts.flatMap(({ ended, rule, subjects: [vm] }) => (ended === undefined ? [`${rule} ${vm}`] : []));
    const after = advance(before, [], 10 * minute, 'a', { canJudge: judge });
    expect(open(after)).toEqual(['breached dc02', 'never web01']);
    expect(open(advance(after, [], 20 * minute, 'b'))).toEqual([]);
  });

  test('of a VM that another mover is at nothing new is told, and what is open stays', () => {
    const judgement = { isElsewhere: (vm: string) => vm === 'dc02' };
    const all = [breach('dc02', 'away'), breach('sql01', 'away')];
    const first = advance(noAlerts, all, 0, 'a', judgement);
    expect(first.alerts.map(({ subjects }) => subjects)).toEqual([['sql01']]);
    const opened = advance(noAlerts, all, 0, 'a');
    expect(advance(opened, all, minute, 'a', judgement)).toEqual(opened);
    expect(advance(first, all, minute, 'a').alerts[0]!.subjects).toEqual(['sql01', 'dc02']);
  });

  test('a route hears only of what is serious enough for it', () => {
    const { turn, log, state } = movers([policy({ severity: 'critical' })]);
    turn(0, [{ ...breach('w'), severity: 'warning' }]);
    turn(minute, []);
    expect([log, state().alerts]).toEqual([[], []]);
  });
});

/** Turns of one mover over routes of which some don't deliver. */
function routes(policies: readonly RoutePolicy[]) {
  let state: AlertState = noAlerts;
  const keeper: Keeper = {
    async change(to) {
      state = to(state);
      return state;
    },
    keep: async alerts => alerts,
  };
  const log: string[] = [];
  return {
    log,
    state: () => state,
    turn(now: number, conditions: readonly Condition[], broken: Record<string, 'fails' | 'partly'> = {}) {
      const send = async (route: string, what: string): Promise<Diagnostic[]> => {
        const how = broken[route];
        log.push(`${route}: ${what}${how ? `, ${how}` : ''}`);
        const wrong = world('alert-undelivered', `${route} is full`);
        if (how === 'fails') throw new Failure(wrong);
        return how ? [wrong] : [];
      };
      return alertTurn({
        ...{ keeper, conditions, policies, now, by: 'a' },
        tell: one => send(one.route, `${said(one)}${one.alert.rule === 'route-failing' ? ' failing' : ''}`),
        digest: route => send(route, 'digest'),
      });
    },
  };
}

describe('a route that does not deliver', () => {
  const both = [policy(), policy({ route: 'chat' })];

  test('is tried once a turn, whatever it is owed; others hear that, and it does not itself', async () => {
    const { turn, log, state } = routes(both);
    const wrong = ['x', 'y', 'z'].map(vm => breach(vm));
    const { tried } = await turn(0, wrong, { chat: 'fails' });
    expect([...tried].map(([route, why]) => [route, why.length]).toSorted()).toEqual([
      ['chat', 1],
      ['ops', 0],
    ]);
    expect(log.splice(0).sort()).toEqual([
      'chat: opened x, fails',
      'ops: opened x',
      'ops: opened y',
      'ops: opened z',
    ]);
    // What was not tried is nobody's claim: the next turn goes on with it.
    await turn(minute / 3, wrong, { chat: 'fails' });
    expect(log.splice(0).sort()).toEqual(['chat: opened y, fails', 'ops: opened chat failing']);
    await turn(2 * minute, wrong);
    expect(log.splice(0)).toEqual(['chat: opened x', 'chat: opened y', 'chat: opened z']);
    await turn(3 * minute, wrong);
    expect(log.splice(0)).toEqual(['ops: recovered chat failing']);
    expect(state().troubles).toBeUndefined();
  });

  test('is in order when what it would not take has ended, though nothing was delivered since', async () => {
    const { turn, log } = routes([policy(), policy({ route: 'chat', severity: 'critical' })]);
    await turn(0, [breach('x')], { chat: 'fails' });
    await turn(minute, []);
    await turn(2 * minute, []);
    await turn(3 * minute, []);
    const failing = log.filter(line => line.endsWith('failing'));
    expect(failing).toEqual(['ops: opened chat failing', 'ops: recovered chat failing']);
  });

  test('gets its digest later, and one that some of its recipients refuse is not told twice', async () => {
    const daily = policy({ route: 'chat', digestAfter: last => last + 60 * minute });
    const { turn, log } = routes([policy(), daily]);
    await turn(0, []);
    await turn(60 * minute, [], { chat: 'fails' });
    await turn(60.5 * minute, [], { chat: 'fails' });
    await turn(61.5 * minute, []);
    await turn(62 * minute, []);
    expect(log.filter(line => line.startsWith('chat'))).toEqual(['chat: digest, fails', 'chat: digest']);
    log.length = 0;
    await turn(70 * minute, [breach('x')], { chat: 'partly' });
    await turn(90 * minute, [breach('x')]);
    await turn(91 * minute, []);
    expect(log).toEqual([
      'ops: opened x',
      'chat: opened x, partly',
      'ops: opened chat failing',
      'ops: recovered x',
      'chat: recovered x',
    ]);
  });
});

describe('while a repository is away', () => {
  const away = fc.record({
    breached: fc.subarray(['x', 'y']),
    /** At each time that a turn reaches for it. */
    reaches: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  });

  const ways = ['one process', 'a process each', 'one that can keep nothing'] as const;

  test.each(ways)('each breach is opened once and closed once, whenever it comes back, by %s', async by => {
    await fc.assert(
      fc.asyncProperty(fc.array(away, { maxLength: 25 }), async moments => {
        const log: string[] = [];
        const notes = new Map<string, { value: unknown; etag: string }>();
        let asked = 0;
        let isAway = (_: number) => false;
        const reach = () => {
          if (isAway(asked)) throw new Failure(world('aws-unreachable', 'it does not answer'));
        };
        const board = {
          async list(prefix: string) {
            return [...notes.keys()]
              .filter(name => name.startsWith(prefix))
              .map(name => ({ name, modified: 0 }));
          },
          async read(name: string) {
            reach();
            return notes.get(name);
          },
          async write(name: string, value: unknown, etag?: string) {
            reach();
            if (notes.get(name)?.etag !== etag) return undefined;
            const next = `${Number(etag ?? 0) + 1}`;
            notes.set(name, { value, etag: next });
            return next;
          },
        } as unknown as BoardStore;
        let kept: KnownHere | undefined;
        const aside: Aside = {
          get: () => kept,
          async set(known) {
            if (by === 'one that can keep nothing') throw new Failure(world('disk-full', 'the disk is full'));
            kept = known;
          },
        };
        const opened = () =>
          keeperOf(
            () => {
              asked++;
              return board;
            },
            () => {},
            aside,
          );
        let keeper = opened();
        const look = (now: number, breached: string[]) =>
          alertTurn({
            ...{ keeper, conditions: breached.map(vm => breach(vm)), policies: [policy()], now, by: 'a' },
            tell: async one => {
              log.push(said(one));
              return [];
            },
            digest: async () => [],
          });
        for (const [n, { breached, reaches }] of moments.entries()) {
          asked = 0;
          if (by === 'a process each') keeper = opened();
          isAway = time => reaches[time - 1]!;
          await look(n * 15 * minute, breached);
        }
        isAway = () => false;
        await look(moments.length * 15 * minute, []);
        for (const vm of ['x', 'y']) {
          const own = log.filter(line => line.endsWith(` ${vm}`)).map(line => line.split(' ')[0]);
          expect(own).toEqual(own.map((_, at) => (at % 2 === 0 ? 'opened' : 'recovered')));
          expect(own.length % 2).toBe(0);
          const runs = moments.filter(
            ({ breached }, n) => breached.includes(vm) && !moments[n - 1]?.breached.includes(vm),
          );
          expect(own.length / 2).toBe(runs.length);
          const past = (await alertsSince(board, 0, () => {})).filter(({ subjects }) =>
            subjects.includes(vm),
          );
          expect(past.map(({ since }) => since / (15 * minute))).toEqual(
            runs.map(one => moments.indexOf(one)),
          );
          expect(past.every(({ ended, told }) => ended !== undefined && told.includes('ops'))).toBe(true);
        }
        expect((notes.get('alerts')?.value as AlertState | undefined)?.alerts ?? []).toEqual([]);
      }),
    );
  });

  test('what another mover saw the end of meanwhile is not told again', () => {
    const opened = delivered(
      advance(noAlerts, [breach('x')], 0, 'a'),
      { route: 'ops', kind: 'opened', alert: advance(noAlerts, [breach('x')], 0, 'a').alerts[0]! },
      true,
      0,
    );
    expect(rejoined(noAlerts, opened, opened).alerts).toEqual([]);
  });
});

test('a repository that the first cycle is yet to make is not gone; one that was there is, at once', () => {
  const vm = aVm({ state: 'never', reason: 'no-repository', kept: false, target: 30 * minute });
  const rules = (seen: string[], declared: number, times = 0) => {
    const known = {
      ...{ ahead: new Map(), plans: [], own: [], seen: new Set(seen) },
      declaredSince: new Map([[vm.vm, now - declared]]),
      failing: new Map([[vm.vm, { times, code: 'x', message: 'it failed' }]]),
    };
    return conditionsOf([vm], known, now).map(({ rule }) => rule);
  };
  expect(rules([], minute)).toEqual([]);
  expect(rules([vm.repository], minute)).toEqual(['repository-gone']);
  expect(rules([], 31 * minute)).toEqual(['repository-gone']);
  expect(rules([], minute, 2)).toEqual(['repository-gone']);
});
