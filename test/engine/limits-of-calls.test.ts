import { describe, expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Outcome } from '../../src/engine/model/resource-type.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { folderHost } from '../support/engine-host.ts';
import {
  catalogOf,
  declare,
  refs,
  type Things,
  testRun,
  testWorld,
  things,
} from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const second = 1000;
const minute = 60 * second;
const never = new Promise<never>(() => {});

/** Resolves when only what waits for the clock is left. */
async function stuck(clock: SteppedClock): Promise<void> {
  for (let turns = 0; turns < 50; turns = clock.sleeping > 0 ? turns + 1 : 0)
    await new Promise(resolve => setImmediate(resolve));
}

/** Plans and applies while the clock is moved by hand; `steps` gets it when a call hangs. */
async function converge(
  { type }: Things,
  resources: CatalogResource[],
  steps?: (clock: SteppedClock) => Promise<void>,
) {
  const clock = new SteppedClock();
  const run = testRun([type], testWorld({ host: { ...folderHost().host, clock } }));
  const done = (async () => {
    const planned = await plan(catalogOf(resources), run, { engine: '1.0.0' });
    return { planned, report: await apply(planned, run) };
  })();
  if (steps) {
    await stuck(clock);
    await steps(clock);
  }
  const { planned, report } = await done;
  return { planned, report, of: new Map(report.results.map(result => [result.address, result])) };
}

describe('a type that hangs', () => {
  test('while it observes fails what it was asked for, and the rest goes on', async () => {
    const all = things();
    const { observe } = all.type;
    all.type.observe = (asked, io) => (asked.some(({ id }) => id === 'stuck') ? never : observe(asked, io));
    const { planned, of } = await converge(
      all,
      [
        declare('thing:stuck', {}, { timeout: 10 * second }),
        declare('thing:child', { inside: 'stuck' }),
        declare('thing:other'),
      ],
      clock => clock.advance(10 * second),
    );
    expect(planned.diagnostics).toMatchObject([
      {
        code: 'timed-out',
        category: 'world',
        address: 'thing:stuck',
        message: 'observing `thing:stuck` took longer than 10s',
      },
    ]);
    expect(of.get('thing:stuck')).toMatchObject({ result: 'failed' });
    expect(of.get('thing:child')).toMatchObject({ result: 'skipped' });
    expect(of.get('thing:other')).toMatchObject({ result: 'changed' });
  });

  test('is stopped also when nobody said how long it may take', async () => {
    const all = things({ observe: () => never });
    // Together first, then each by itself.
    const { planned } = await converge(all, [declare('thing:a'), declare('thing:b')], async clock => {
      await clock.advance(30 * minute);
      await clock.advance(30 * minute);
    });
    expect(planned.diagnostics).toMatchObject([
      { message: 'observing `thing:a` took longer than 30m' },
      { message: 'observing `thing:b` took longer than 30m' },
    ]);
  });

  test('while it applies, and ignores that it has to stop, is given up', async () => {
    const all = things();
    let aborted = false;
    all.onApply = async (id, signal) => {
      if (id !== 'stuck') return undefined;
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return never;
    };
    const { of, report } = await converge(
      all,
      [
        declare('thing:stuck', {}, { timeout: 10 * minute }),
        declare('thing:child', { inside: 'stuck' }),
        declare('thing:other'),
      ],
      async clock => {
        await clock.advance(10 * minute - 1);
        expect(aborted).toBe(false);
        await clock.advance(1);
        expect(aborted).toBe(true);
        await clock.advance(30 * second);
      },
    );
    expect(of.get('thing:stuck')).toMatchObject({
      result: 'failed',
      diagnostic: {
        code: 'given-up',
        message:
          "changing `thing:stuck` was given up: it took longer than 10m, and the type `thing` didn't stop within 30s when told to",
        hint: expect.stringContaining('is unknown'),
      },
    });
    expect(of.get('thing:child')).toMatchObject({ result: 'skipped' });
    expect(of.get('thing:other')).toMatchObject({ result: 'changed' });
    expect(report.proof).toEqual({ empty: true, pending: [] });
  });

  test.each<[string, () => Promise<Outcome | undefined>]>([
    ['rejects', () => Promise.reject(new Error('aborted'))],
    [
      'says so',
      async () => ({ ok: false, diagnostic: worldSays('x', 'x'), retry: 'never', undone: true }) as const,
    ],
  ])('but %s when told to stop was too slow, no more', async (_, end) => {
    const all = things();
    all.onApply = (_, signal) =>
      new Promise((resolve, reject) =>
        signal.addEventListener('abort', () => void end().then(resolve, reject)),
      );
    const { of } = await converge(all, [declare('thing:a', {}, { timeout: minute })], clock =>
      clock.advance(minute),
    );
    expect(of.get('thing:a')).toMatchObject({
      result: 'failed',
      diagnostic: { code: 'timed-out', message: 'changing `thing:a` took longer than 1m' },
    });
  });

  test('and finishes all the same within its grace has done its work', async () => {
    const all = things();
    all.onApply = (_, signal) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve(undefined)));
    const { of } = await converge(all, [declare('thing:a', {}, { timeout: minute })], clock =>
      clock.advance(minute),
    );
    expect(of.get('thing:a')).toMatchObject({ result: 'changed' });
  });

  test('while it refreshes fails that refresh, which stays owed', async () => {
    const all = things({ refresh: () => never, timeouts: { refresh: 5 * minute, grace: 200 } });
    all.objects.set('service', {});
    const { of } = await converge(
      all,
      [declare('thing:config', {}, { notify: refs('thing:service') }), declare('thing:service')],
      clock => clock.advance(5 * minute + 200),
    );
    expect(of.get('thing:config')).toMatchObject({ result: 'changed' });
    expect(of.get('thing:service')).toMatchObject({
      result: 'failed',
      diagnostic: {
        message:
          "refreshing `thing:service` was given up: it took longer than 5m, and the type `thing` didn't stop within 200 ms when told to",
      },
    });
  });

  test('a realm of one writer calls for those together that may take equally long', async () => {
    const all = things({ realm: { name: 'dism', concurrency: 1 } });
    const calls: string[] = [];
    const { apply: original } = all.type;
    all.type.apply = (steps, io) => {
      calls.push(steps.map(({ id }) => id).join());
      return original(steps, io);
    };
    const long = { timeout: 60 * minute };
    const resources = [declare('thing:a'), declare('thing:b', {}, long), declare('thing:c', {}, long)];
    await converge(all, resources);
    expect(calls.sort()).toEqual(['a', 'b,c']);
  });
});

describe('retry', () => {
  const busy = async (): Promise<Outcome> => ({
    ok: false,
    diagnostic: worldSays('busy', 'busy'),
    retry: 'safe',
    undone: true,
  });

  async function tries(all: Things, resources: CatalogResource[]) {
    const { host, clock } = folderHost();
    const run = testRun([all.type], testWorld({ host }));
    await apply(await plan(catalogOf(resources), run, { engine: '1.0.0' }), run);
    return { tries: all.log.filter(line => !line.startsWith('observe')).length, slept: clock.slept };
  }

  test.each([
    [{ attempts: 0 }, []],
    [{ attempts: 1 }, [1000]],
    [{ attempts: 3, wait: 5000 }, [5000, 10_000, 20_000]],
  ])('%j', async (retry, waits) => {
    const all = things();
    all.onApply = busy;
    expect(await tries(all, [declare('thing:a', {}, { retry })])).toEqual({
      tries: waits.length + 1,
      slept: waits,
    });
  });

  test('is for refreshes too', async () => {
    const all = things();
    all.type.refresh = async ({ id }) => {
      all.log.push(`refresh ${id}`);
      return busy();
    };
    all.objects.set('service', {});
    const resources = [
      declare('thing:config', {}, { notify: refs('thing:service') }),
      declare('thing:service', {}, { retry: { attempts: 2, wait: 3000 } }),
    ];
    expect(await tries(all, resources)).toEqual({ tries: 4, slept: [3000, 6000] });
  });

  test('is not for what the type calls unsafe', async () => {
    const all = things();
    all.onApply = async () => ({ ...(await busy()), retry: 'never' }) as Outcome;
    expect(await tries(all, [declare('thing:a', {}, { retry: { attempts: 5 } })])).toEqual({
      tries: 1,
      slept: [],
    });
  });
});

test('a secret in the outcome of a step is redacted, and its type named', async () => {
  const ref = { $secret: 'env:PASSWORD' };
  const all = things({
    async apply(steps, io) {
      const text = await io.secret(ref);
      return new Map(steps.map(({ id }) => [id, { ok: true, note: `set to ${text}` }]));
    },
  });
  all.objects.set('a', {});
  const world = testWorld();
  world.secrets['env:PASSWORD'] = 'leaked-password';
  const run = testRun([all.type], world);
  const planned = await plan(catalogOf([declare('thing:b')]), run, { engine: '1' });
  const report = await apply(planned, run);
  expect(report.results).toMatchObject([{ result: 'changed', note: 'set to ***' }]);
  expect(report.diagnostics).toMatchObject([
    { code: 'type-bug', address: 'thing:b', message: expect.stringContaining('the secret `env:PASSWORD`') },
    { code: 'not-convergent' },
  ]);
});
