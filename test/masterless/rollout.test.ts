import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import type { Clock } from '../../src/io/ports.ts';
import { type InstanceReport, parseReport } from '../../src/masterless/reports/report.ts';
import { type BumpEvent, bump, type Fleet } from '../../src/masterless/rollout/bump.ts';
import { isMyTurn, parseRollout, type Rollout, wavesOf } from '../../src/masterless/rollout/rollout.ts';
import { fleetStatus } from '../../src/masterless/rollout/status.ts';

const instances = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6', 'i-7', 'i-8'];
const begun = {
  converge_rollout: 1 as const,
  id: 'r1',
  environment: 'taupe',
  started: '2026-01-01T00:00:00Z',
};
const options = { maxFailures: 0, patience: 60_000, every: 5_000 };

const reportOf = (instance: string, more: Partial<InstanceReport> = {}): InstanceReport => ({
  converge_report: 1,
  instance,
  environment: 'taupe',
  version: '1.0.0',
  finished: '2026-01-01T00:00:00Z',
  trigger: 'agent',
  rollout: 'r1',
  result: 'converged',
  changed: 1,
  failures: [],
  ...more,
});

/** Agents that react to each announcement as `react` says; time passes only in sleeps. */
function fleetOf(
  react: (instance: string) => InstanceReport | undefined,
  ill: Fleet['ill'] = async () => new Map(),
) {
  const announced: Rollout[] = [];
  const begunBy = new Set<string>();
  const reports = new Map<string, InstanceReport>();
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
    },
  };
  const fleet: Fleet = {
    async announce(rollout) {
      announced.push(rollout);
      for (const instance of rollout.instances) {
        if (!isMyTurn(rollout, instance, begunBy.has(instance) ? rollout.id : undefined)) continue;
        begunBy.add(instance);
        const report = react(instance);
        if (report) reports.set(instance, report);
      }
    },
    reports: async () => reports,
    ill,
  };
  return { fleet, clock, announced, begunBy };
}

async function all(events: AsyncGenerator<BumpEvent>): Promise<BumpEvent[]> {
  const found: BumpEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('waves', () => {
  test('a share of eight is one first, then two at a time', () => {
    expect(wavesOf(instances, '25%')).toEqual([
      ['i-1'],
      ['i-2', 'i-3'],
      ['i-4', 'i-5'],
      ['i-6', 'i-7'],
      ['i-8'],
    ]);
    expect(wavesOf([], '25%')).toEqual([]);
  });

  test.each(['0', '-1', '101%', '0%', 'all', '2.5', ''])('a batch of %j is refused', batch => {
    expect(wavesOf(instances, batch)).toBeUndefined();
  });

  test('hold every instance once, in order, and none is larger than asked', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string()),
        fc.integer({ min: 1, max: 100 }),
        fc.boolean(),
        (some, n, share) => {
          const waves = wavesOf(some, share ? `${n}%` : `${n}`)!;
          expect(waves.flat()).toEqual(some);
          const most = share ? Math.ceil((some.length * n) / 100) : n;
          for (const wave of waves) expect(wave.length).toBeLessThanOrEqual(Math.max(1, most));
        },
      ),
    );
  });
});

describe('a rollout', () => {
  const waves = wavesOf(instances, '25%')!;

  test('reaches everybody, a wave at a time', async () => {
    const { fleet, clock, announced, begunBy } = fleetOf(reportOf);
    const events = await all(bump(begun, waves, fleet, clock, options));
    expect(events.at(-1)).toEqual({ type: 'done', failed: 0 });
    expect([...begunBy]).toEqual(instances);
    expect(announced.map(({ instances: { length }, state }) => `${state} ${length}`)).toEqual([
      'running 1',
      'running 3',
      'running 5',
      'running 7',
      'running 8',
      'done 8',
    ]);
  });

  test('halts on the failing instance and leaves the rest alone', async () => {
    const { fleet, clock, announced, begunBy } = fleetOf(instance =>
      reportOf(
        instance,
        instance === 'i-3' ? { result: 'failed', failures: ['iis_site:shop: port taken'] } : {},
      ),
    );
    const events = await all(bump(begun, waves, fleet, clock, options));
    expect(events).toContainEqual({
      type: 'instance',
      instance: 'i-3',
      ok: false,
      why: 'iis_site:shop: port taken',
    });
    expect(events.at(-1)).toEqual({
      type: 'halted',
      why: 'failures',
      failed: 1,
      underway: [],
      untouched: ['i-4', 'i-5', 'i-6', 'i-7', 'i-8'],
    });
    expect([...begunBy]).toEqual(['i-1', 'i-2', 'i-3']);
    expect(announced.at(-1)).toMatchObject({
      state: 'halted',
      failed: [{ instance: 'i-3', why: 'iis_site:shop: port taken' }],
    });
    expect(parseRollout(Buffer.from(JSON.stringify(announced.at(-1))))).toEqual(announced.at(-1));
  });

  test('goes on over as many failures as it may', async () => {
    const { fleet, clock } = fleetOf(instance =>
      reportOf(instance, instance === 'i-3' ? { result: 'failed' } : {}),
    );
    const events = await all(bump(begun, waves, fleet, clock, { ...options, maxFailures: 1 }));
    expect(events.at(-1)).toEqual({ type: 'done', failed: 1 });
  });

  test('counts who stays silent, who reports an older rollout, and who is ill afterwards', async () => {
    const answers: Record<string, InstanceReport | undefined> = {
      'i-1': undefined,
      'i-2': reportOf('i-2', { rollout: 'r0' }),
    };
    const { fleet, clock } = fleetOf(
      instance => (instance in answers ? answers[instance] : reportOf(instance)),
      async asked => new Map(asked.includes('i-3') ? [['i-3', 'HTTP 503']] : []),
    );
    const events = await all(bump(begun, waves, fleet, clock, { ...options, maxFailures: 8 }));
    const why = events.flatMap(event =>
      event.type === 'instance' && !event.ok ? [`${event.instance}: ${event.why}`] : [],
    );
    expect(why).toEqual([
      'i-1: it has not reported: does its agent run?',
      'i-2: it has not reported: does its agent run?',
      'i-3: it converged, but is not healthy: HTTP 503',
    ]);
  });

  test('that is interrupted is announced as halted, and says who is underway', async () => {
    const { fleet, clock, announced } = fleetOf(instance =>
      instance === 'i-3' ? undefined : reportOf(instance),
    );
    const ending = new AbortController();
    const events: BumpEvent[] = [];
    for await (const event of bump(begun, waves, fleet, clock, options, ending.signal)) {
      events.push(event);
      if (event.type === 'instance' && event.instance === 'i-2') ending.abort(new Error('SIGINT'));
    }
    expect(events.at(-1)).toEqual({
      type: 'halted',
      why: 'interrupted',
      failed: 0,
      underway: ['i-3'],
      untouched: ['i-4', 'i-5', 'i-6', 'i-7', 'i-8'],
    });
    expect(announced.map(({ state }) => state)).toEqual(['running', 'running', 'halted']);
  });

  test('tells once why it still waits for whom', async () => {
    const looks = ['initializing', 'initializing', 'HTTP 503'];
    const { fleet, clock } = fleetOf(reportOf, async asked => {
      const why = asked.includes('i-2') ? looks.shift() : undefined;
      return new Map(why === undefined ? [] : [['i-2', why]]);
    });
    const events = await all(bump(begun, [['i-1'], ['i-2', 'i-3']], fleet, clock, options));
    expect(events.filter(({ type }) => type === 'waiting')).toEqual([
      { type: 'waiting', instances: { 'i-2': 'it converged, but is not healthy: initializing' } },
      { type: 'waiting', instances: { 'i-2': 'it converged, but is not healthy: HTTP 503' } },
    ]);
    expect(events.at(-1)).toEqual({ type: 'done', failed: 0 });
  });

  test('that is interrupted before it begins announces nothing', async () => {
    const { fleet, clock, announced } = fleetOf(reportOf);
    const aborted = AbortSignal.abort(new Error('SIGINT'));
    await expect(all(bump(begun, waves, fleet, clock, options, aborted))).rejects.toThrow('SIGINT');
    expect(announced).toEqual([]);
  });

  test('whose world fails is halted, and both mistakes are told when that fails as well', async () => {
    const { fleet, clock, announced } = fleetOf(reportOf);
    const broken = async () => {
      throw new Failure(world('aws-unreachable', 'EC2 is away'));
    };
    const rollout = bump(begun, waves, { ...fleet, ill: broken }, clock, options);
    await expect(all(rollout)).rejects.toThrow('EC2 is away');
    expect(announced.map(({ state }) => state)).toEqual(['running', 'halted']);

    const announce: Fleet['announce'] = async ({ state }) => {
      if (state === 'halted') throw new Failure(world('aws-unreachable', 'S3 is away'));
    };
    const worse = all(bump(begun, waves, { ...fleet, announce, ill: broken }, clock, options));
    await expect(worse).rejects.toThrow('EC2 is away\nS3 is away');
  });

  test('whose events nobody takes any more is halted', async () => {
    const { fleet, clock, announced } = fleetOf(reportOf);
    for await (const event of bump(begun, waves, fleet, clock, options)) {
      expect(event.type).toBe('wave');
      break;
    }
    expect(announced.map(({ state }) => state)).toEqual(['running', 'halted']);
  });
});

describe('the status of a fleet', () => {
  const hour = 3_600_000;
  const state = (
    reports: InstanceReport[],
    { age = hour, rollout }: { age?: number; rollout?: Rollout } = {},
  ) => {
    const told = new Map(reports.map(report => [report.instance, { report, written: 0 }]));
    return fleetStatus(['i-1', 'i-2'], told, rollout, { now: age, silentAfter: 2 * hour }).map(
      ({ instance, state: is }) => `${instance} ${is}`,
    );
  };

  test('joins who is there with who has spoken', () => {
    expect(state([reportOf('i-1'), reportOf('i-9')])).toEqual(['i-1 converged', 'i-2 silent', 'i-9 gone']);
  });

  test('a report that is too old by the clock of the bucket is silence, whatever it says about itself', () => {
    const future = reportOf('i-1', { finished: '2999-01-01T00:00:00Z' });
    expect(state([future], { age: 3 * hour })[0]).toBe('i-1 silent');
  });

  test('who was told by the last rollout and said nothing since is silent; who was not told is not', () => {
    const ended = (at: number): Rollout => ({
      ...begun,
      id: 'r2',
      state: 'halted',
      instances: ['i-1'],
      started: new Date(at).toISOString(),
    });
    expect(state([reportOf('i-1'), reportOf('i-2')], { rollout: ended(1) })).toEqual([
      'i-1 silent',
      'i-2 converged',
    ]);
    expect(state([reportOf('i-1')], { rollout: ended(-1) })[0]).toBe('i-1 converged');
  });

  test('C15: who halted the last rollout is known with why, also when it got well', () => {
    const rollout: Rollout = {
      ...begun,
      id: 'r2',
      state: 'halted',
      instances: ['i-1', 'i-2'],
      failed: [{ instance: 'i-1', why: 'EC2 says impaired' }],
    };
    const of = (report: InstanceReport) =>
      fleetStatus(['i-1'], new Map([['i-1', { report, written: Date.parse(begun.started) + 1 }]]), rollout, {
        now: Date.parse(begun.started) + 2,
      });
    // It reported success of the rollout, and was counted as failed all the same.
    expect(of(reportOf('i-1', { rollout: 'r2' }))).toMatchObject([
      { state: 'failed', failedRollout: 'EC2 says impaired' },
    ]);
    // It has converged since, of its own accord.
    expect(of(reportOf('i-1'))).toMatchObject([{ state: 'converged', failedRollout: 'EC2 says impaired' }]);
    expect(
      parseRollout(Buffer.from(JSON.stringify({ ...rollout, failed: [{ instance: 1 }] }))),
    ).toBeUndefined();
  });

  test('one before the running rollout is waiting, also when it had failed', () => {
    const rollout: Rollout = { ...begun, id: 'r2', state: 'running', instances: ['i-1'] };
    expect(state([reportOf('i-1', { result: 'failed' })], { rollout })[0]).toBe('i-1 waiting');
    expect(state([reportOf('i-1', { rollout: 'r2' })], { rollout })[0]).toBe('i-1 converged');
    expect(state([reportOf('i-1')], { rollout, age: 3 * hour })[0]).toBe('i-1 silent');
  });
});

test('objects that hold something else are not taken for reports or rollouts', () => {
  const rollout: Rollout = { ...begun, state: 'running', instances };
  expect(parseRollout(Buffer.from(JSON.stringify(rollout)))).toEqual(rollout);
  expect(parseReport(Buffer.from(JSON.stringify(reportOf('i-1'))))).toEqual(reportOf('i-1'));
  for (const text of [
    '',
    'null',
    '[]',
    '{"converge_rollout":2}',
    '{"converge_report":1}',
    '{"instances":[1]}',
  ]) {
    expect(parseRollout(Buffer.from(text))).toBeUndefined();
    expect(parseReport(Buffer.from(text))).toBeUndefined();
  }
});
