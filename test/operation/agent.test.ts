import { describe, expect, test } from 'vitest';
import { Agenda, type Duty, type Outcome } from '../../src/operation/agenda.ts';
import { type AgentPorts, runAgent } from '../../src/operation/agent.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const minute = 60_000;

/** An agent in a world where each VM has an interval, and what its cycles come to is said by the test. */
function world(
  vms: Record<string, { every: number; takes: number }>,
  slots = 4,
  clock = new SteppedClock(0),
) {
  const log: string[] = [];
  const points = new Map<string, number>();
  const scripted = new Map<string, Outcome[]>();
  const ending = new AbortController();
  const state = {
    draining: false,
    broken: false,
    rejects: '',
    vms,
    back: undefined as number | undefined,
    ahead: 0,
  };
  const duty = (id: string): Duty => ({
    id,
    places: [],
    ...(state.back !== undefined && { back: state.back }),
    next(newest) {
      if (newest === undefined) return { ready: 0, deadline: 0 };
      const [{ every }, here] = [state.vms[id]!, newest - state.ahead];
      return { ready: here + every, deadline: here + 2 * every };
    },
  });
  const ports: AgentPorts = {
    clock,
    async duties() {
      if (state.broken) throw new Error('it broke down');
      return { duties: Object.keys(state.vms).map(duty), newest: new Map(points) };
    },
    draining: async () => state.draining,
    async move(id, mayBeLong) {
      const began = clock.now();
      log.push(`${began / minute} ${id}`);
      const outcome = scripted.get(id)?.shift() ?? {
        result: 'made',
        newest: began + state.ahead,
        long: false,
      };
      if (outcome.result === 'put-back' && mayBeLong()) throw new Error('there was room');
      if (id === state.rejects) throw new Error(`${id} broke down`);
      if (outcome.result === 'made') {
        await clock.sleep(state.vms[id]!.takes);
        points.set(id, outcome.newest);
      }
      return outcome;
    },
  };
  const agenda = new Agenda(slots);
  const run = (more: { refresh?: number; once?: boolean } = {}) =>
    runAgent(agenda, ports, { signal: ending.signal, turn: minute / 2, ...more });
  return { clock, log, points, scripted, state, ending, agenda, run };
}

describe('the loop of an agent', () => {
  test('wakes when a VM is due, and makes good once for any time it was away', async () => {
    const { clock, log, points, run, ending } = world({ a: { every: 15 * minute, takes: minute } });
    points.set('a', -7 * 24 * 60 * minute);
    const ended = run();
    await clock.advance(0);
    await clock.advance(46 * minute);
    ending.abort();
    expect(await ended).toBe('stopped');
    expect(log).toEqual(['0 a', '15 a', '30 a', '45 a']);
  });

  test.each([-6 * 60, 6 * 60])('a clock that is put by %i minutes makes no VM late', async by => {
    const { clock, log, points, scripted, state, run, ending } = world({
      a: { every: 15 * minute, takes: minute },
      bad: { every: 15 * minute, takes: 0 },
    });
    points.set('a', 0).set('bad', 0);
    scripted.set('bad', [{ result: 'failed' }, { result: 'failed' }]);
    const ended = run({ refresh: minute });
    await clock.advance(0);
    // The second try of `bad` is put off when it happens.
    await clock.advance(15.5 * minute);
    log.length = 0;
    await clock.put(by * minute);
    state.ahead = -by * minute;
    await clock.advance(42 * minute);
    ending.abort();
    await ended;
    const of = (id: string) =>
      log.flatMap(line => (line.endsWith(` ${id}`) ? [Number(line.split(' ')[0]) - by] : []));
    expect(of('a')).toEqual([30, 45]);
    expect(of('bad')[0]).toBeLessThanOrEqual(15.5 + 15 + 1);
    expect(of('bad').length).toBeGreaterThanOrEqual(2);
  });

  test('comes back soon to one that somebody is at, later and later to one that fails, and steps aside for another agent', async () => {
    const { clock, log, scripted, run, ending } = world({
      busy: { every: 15 * minute, takes: 0 },
      bad: { every: 60 * minute, takes: 0 },
    });
    const failed = { result: 'failed' } as const;
    scripted.set('busy', [{ result: 'busy' }, { result: 'seen', newest: 0 }]);
    scripted.set('bad', [failed, failed, failed]);
    const ended = run();
    await clock.advance(0);
    await clock.advance(20 * minute);
    ending.abort();
    await ended;
    const of = (id: string) => log.flatMap(line => (line.endsWith(id) ? [Number(line.split(' ')[0])] : []));
    expect(of('bad')).toEqual([0, 1, 3, 7]);
    // 15 minutes after the other's point, and two more for that one to come first.
    expect(of('busy')).toEqual([0, 0.5, 17]);
  });

  test('those that failed for one reason are tried as soon as one of them succeeds, or what was away is back', async () => {
    const { clock, log, state, scripted, run, ending } = world({
      a: { every: 60 * minute, takes: 0 },
      b: { every: 60 * minute, takes: 0 },
      alone: { every: 60 * minute, takes: 0 },
    });
    const away = { result: 'failed', why: 'vCenter is away' } as const;
    // `a` would wait until 3 when `b` finds that the vCenter is back.
    scripted.set('a', [away, away]);
    scripted.set('b', [{ result: 'busy' }, { result: 'busy' }, away]);
    scripted.set('alone', [
      { result: 'failed', why: 'x' },
      { result: 'failed', why: 'x' },
      { result: 'failed', why: 'x' },
    ]);
    const ended = run({ refresh: minute / 2 });
    await clock.advance(0);
    await clock.advance(4 * minute);
    state.back = clock.now();
    await clock.advance(minute);
    ending.abort();
    await ended;
    const of = (id: string) =>
      log.flatMap(line => (line.endsWith(` ${id}`) ? [Number(line.split(' ')[0])] : []));
    expect(of('b')).toEqual([0, 0.5, 1, 2]);
    expect(of('a')).toEqual([0, 1, 2]);
    expect(of('alone')).toEqual([0, 1, 3, 4.5]);
  });

  test('a cycle that began before what it needs came back, and failed after that, is tried again at once', () => {
    const agenda = new Agenda(1);
    const duty: Duty = { id: 'a', places: [], next: () => ({ ready: 0, deadline: 0 }) };
    const look = (back: number | undefined, now: number) =>
      agenda.sync([{ ...duty, ...(back !== undefined && { back }) }], new Map(), now);
    const fails = (now: number) => {
      expect(agenda.take(now)).toBe('a');
      agenda.ended('a', { result: 'failed', why: 'away' }, now + minute);
    };
    look(undefined, 0);
    fails(0);
    fails(2 * minute);
    look(2.5 * minute, 3 * minute);
    fails(3 * minute);
    look(2.5 * minute, 4 * minute);
    // That one says how things are now: it is left alone for as long as after any first failure.
    expect(agenda.take(4.5 * minute)).toBeUndefined();
    expect(agenda.take(5 * minute)).toBe('a');
  });

  test('a cycle that has to read everything waits for the long lane, while others go on', async () => {
    const { clock, log, points, scripted, run, ending } = world(
      { first: { every: 600 * minute, takes: 100 * minute }, b: { every: 15 * minute, takes: minute } },
      4,
    );
    points.set('b', -15 * minute);
    scripted.set('b', [{ result: 'put-back' }]);
    const ended = run();
    await clock.advance(0);
    await clock.advance(99 * minute);
    expect(log).toEqual(['0 first', '0 b']);
    await clock.advance(20 * minute);
    ending.abort();
    await ended;
    expect(log).toEqual(['0 first', '0 b', '100 b', '115 b']);
  });

  test('drained, it ends with the cycles that run; those who come later are not begun', async () => {
    const { clock, log, points, state, run } = world({
      a: { every: 15 * minute, takes: 10 * minute },
      b: { every: 15 * minute, takes: 3 * minute },
    });
    points.set('a', -15 * minute).set('b', -15 * minute);
    const ended = run();
    await clock.advance(0);
    await clock.advance(minute);
    state.draining = true;
    await clock.advance(8 * minute);
    expect(await Promise.race([ended, 'going on'])).toBe('going on');
    await clock.advance(2 * minute);
    expect(await ended).toBe('drained');
    expect(log).toEqual(['0 a', '0 b']);
  });

  test('takes up and lets go of VMs at the next look, and never runs one twice at once', async () => {
    const long = { every: 15 * minute, takes: 40 * minute };
    const { clock, log, points, state, run, ending } = world({ a: long });
    points.set('a', -15 * minute).set('b', -15 * minute);
    const ended = run({ refresh: minute });
    await clock.advance(0);
    await clock.advance(5.5 * minute);
    state.vms = { ...state.vms, b: { every: 15 * minute, takes: 0 } };
    await clock.advance(20 * minute);
    state.vms = { a: long };
    await clock.advance(34 * minute);
    ending.abort();
    await clock.advance(60 * minute);
    await ended;
    expect(log).toEqual(['0 a', '6 b', '21 b', '40 a']);
  });

  test('a look that breaks down ends it after the cycles that run, and is told', async () => {
    const { clock, run, state, log } = world({ a: { every: 15 * minute, takes: minute } });
    const ended = run({ refresh: minute }).catch((error: Error) => error.message);
    await clock.advance(0);
    state.broken = true;
    await clock.advance(3 * minute);
    expect(await ended).toBe('it broke down');
    expect(log).toEqual(['0 a']);
  });

  test('a cycle that rejects ends it after those that run, and is told', async () => {
    const { clock, run, state, log, points } = world({
      a: { every: 15 * minute, takes: 0 },
      b: { every: 15 * minute, takes: 5 * minute },
    });
    for (const id of ['a', 'b']) points.set(id, -20 * minute);
    state.rejects = 'a';
    let isOver = false;
    const ended = run()
      .catch((error: Error) => error.message)
      .finally(() => {
        isOver = true;
      });
    await clock.advance(0);
    await clock.advance(4 * minute);
    expect(isOver).toBe(false);
    await clock.advance(2 * minute);
    expect(await ended).toBe('a broke down');
    expect(log).toEqual(['0 a', '0 b']);
    expect(points.get('b')).toBe(0);
  });

  test('a look that the signal broke off is no fault', async () => {
    const { clock, run, state, ending } = world({ a: { every: 15 * minute, takes: minute } });
    const ended = run({ refresh: minute });
    await clock.advance(0);
    state.broken = true;
    ending.abort('SIGTERM');
    await clock.advance(3 * minute);
    expect(await ended).toBe('stopped');
  });

  test('once: what is due by now, nothing twice', async () => {
    const { clock, log, points, scripted, run } = world(
      {
        a: { every: 15 * minute, takes: 0 },
        b: { every: 15 * minute, takes: 0 },
        c: { every: minute, takes: 1 },
      },
      4,
    );
    points.set('b', 0);
    scripted.set('c', [{ result: 'failed' }]);
    const ended = run({ once: true });
    await clock.advance(0);
    await clock.advance(minute);
    expect(await ended).toBe('done');
    expect(log).toEqual(['0 a', '0 c']);
  });
});
