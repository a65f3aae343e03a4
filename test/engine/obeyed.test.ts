import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { apart, Failure, together } from '../../src/diagnostics/diagnostic.ts';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Outcome } from '../../src/engine/model/resource-type.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import type { Command } from '../../src/io/ports.ts';
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
import { runClock } from '../support/replication-clients.ts';

const setUp = (type: Partial<Things['type']> = {}) => {
  const all = things(type);
  const commands: Command[] = [];
  const { host } = folderHost();
  const processes = {
    run: async (command: Command) => {
      commands.push(command);
      return { exitCode: 0, stdout: '', stderr: '', timedOut: false };
    },
  };
  const world = testWorld({ host: { ...host, clock: runClock(), processes } });
  const targets = [{ name: 'dr', type: 'aws', properties: {}, at: { file: 'x', line: 1, column: 1 } }];
  const planned = async (resources: CatalogResource[]) => {
    const run = testRun([all.type], world);
    return { run, plan: await plan(catalogOf(resources, targets), run, { engine: '1' }) };
  };
  const applied = async (...resources: CatalogResource[]) => {
    const { run, plan: made } = await planned(resources);
    return apply(made, run);
  };
  return { ...all, all, commands, planned: (...resources: CatalogResource[]) => planned(resources), applied };
};

describe('B4: `retry`', () => {
  const failing = (retry: Outcome & { ok: false }) => retry;
  const outcome = (retry: 'safe' | 'asked' | 'never') =>
    failing({ ok: false, diagnostic: worldSays('no', 'no'), retry, undone: false });

  test.each([
    ['safe', undefined, 3],
    ['safe', 4, 5],
    ['safe', 0, 1],
    ['asked', undefined, 1],
    ['asked', 4, 5],
    ['never', 4, 1],
  ] as const)(
    'what may be tried again when it is %s, with %s more attempts: %s',
    async (retry, attempts, tries) => {
      const { all, applied } = setUp();
      all.onApply = async () => outcome(retry);
      await applied(declare('thing:a', {}, attempts === undefined ? {} : { retry: { attempts } }));
      expect(all.log.filter(line => line === 'create a')).toHaveLength(tries);
    },
  );

  test('is obeyed for what a type throws, and not for its bugs', async () => {
    const { all, applied } = setUp();
    const retry = { retry: { attempts: 1 } };
    all.onApply = async () => {
      throw new Failure(worldSays('no', 'no'));
    };
    await applied(declare('thing:a', {}, retry));
    all.onApply = async () => {
      throw new TypeError('a bug');
    };
    await applied(declare('thing:b', {}, retry));
    expect(all.log.filter(line => line.startsWith('create'))).toEqual(['create a', 'create a', 'create b']);
  });
});

test('a declared `timeout` takes the place of what a type gives one program', async () => {
  const { applied, commands } = setUp({
    async observe(asked, io) {
      await io.run({ file: 'look', args: asked.map(({ id }) => id), timeout: 1000 });
      return new Map(asked.map(({ id }) => [id, { state: 'present', value: {} }]));
    },
  });
  await applied(declare('thing:a'), declare('thing:b', {}, { timeout: 7_200_000 }));
  expect(commands.map(({ args, timeout }) => [args, timeout])).toEqual([
    [['a'], 1000],
    [['b'], undefined],
  ]);
});

describe('B14: several mistakes', () => {
  const [one, two, three] = ['one', 'two', 'three'].map(code => worldSays(code, `${code} is wrong`));

  test('are one where there is room for one, and each by itself where they are told', () => {
    expect(together([one!])).toBe(one);
    expect(apart([together([one!, two!]), three!])).toEqual([one, two, three]);
    expect(apart([together([together([one!, two!]), three!])])).toEqual([one, two, three]);
    const text = textOf(renderDiagnostics([together([one!, two!])], new Map(), { width: 80 }));
    expect(text).toContain('error[one]: one is wrong');
    expect(text).toContain('error[two]: two is wrong');
    expect(text).toContain('2 errors');
  });

  test('of an observation, a call and a step are all told, with the resource', async () => {
    const { all, planned, applied } = setUp();
    all.onObserve = id => (id === 'a' ? { state: 'failed', diagnostic: together([one!, two!]) } : undefined);
    const { plan: made } = await planned(declare('thing:a'));
    expect(made.diagnostics).toMatchObject([
      { code: 'one', address: 'thing:a' },
      { code: 'two', address: 'thing:a', at: { file: 'site.yaml' } },
    ]);
    all.onObserve = () => {
      throw new Failure([one!, two!, three!]);
    };
    expect((await planned(declare('thing:b'))).plan.diagnostics.map(({ code }) => code)).toEqual([
      'one',
      'two',
      'three',
    ]);
    delete all.onObserve;
    all.onApply = async () => {
      throw new Failure([one!, two!]);
    };
    const { results } = await applied(declare('thing:c'));
    expect(apart([results[0]!.diagnostic!])).toMatchObject([
      { code: 'one', address: 'thing:c' },
      { code: 'two', address: 'thing:c' },
    ]);
  });
});

describe('`x-immutable`', () => {
  const schema = Type.Object({
    size: Type.Optional(Type.Number()),
    settings: Type.Optional(Type.Object({ zone: Type.Optional(Type.String()) }, { 'x-immutable': true })),
    password: Type.Optional(Type.String({ 'x-immutable': true })),
  });

  test('a difference is planned as failed, with the way out, and what depends on it is skipped', async () => {
    const { objects, planned, applied } = setUp({ schema });
    objects.set('a', { size: 1, settings: { zone: 'x', other: 1 } });
    const a = declare('thing:a', { size: 2, settings: { zone: 'y' } });
    const { plan: made } = await planned(a);
    expect(made.resources).toMatchObject([
      { action: 'failed', fields: [{ path: '/settings/zone' }, { path: '/size' }] },
    ]);
    expect(made.diagnostics).toMatchObject([
      {
        code: 'immutable',
        category: 'world',
        address: 'thing:a',
        at: a.places.get('/settings'),
        message: "`thing:a` is left as it is: its `settings.zone` is `x` and can't become `y`",
        hint: expect.stringContaining('`ensure: absent`'),
      },
    ]);
    expect(made.diagnostics[0]!.hint).not.toContain('--allow');
    const { results } = await applied(a, declare('thing:b', {}, { require: refs('thing:a') }));
    expect(results).toMatchObject([
      { result: 'failed', diagnostic: { code: 'immutable' } },
      { result: 'skipped' },
    ]);
    expect(objects.get('a')).toMatchObject({ size: 1 });
  });

  test('what is protected names --allow; what is not seen, not declared or secret is no difference', async () => {
    const { objects, planned } = setUp({ schema });
    objects.set('a', { settings: { zone: 'x' } });
    const settings = { settings: { zone: 'y' } };
    const kept = await planned(declare('thing:a', settings, { protect: true }));
    expect(kept.plan.diagnostics[0]!.hint).toContain('--allow thing:a');
    objects.set('b', { size: 1 });
    objects.set('c', { settings: { zone: 'x' }, password: 'seen' });
    const { plan: made } = await planned(
      declare('thing:b', settings),
      declare('thing:c', { size: 1, password: 'seen' }),
    );
    expect(made.resources.map(({ action }) => action)).toEqual(['update', 'update']);
  });
});

test('read-only values are in plan and report, also in sync, and in no digest or fingerprint', async () => {
  let address = '10.0.0.1';
  const { all, planned, applied } = setUp({ shows: { address: 'Its address.' } });
  all.onObserve = id => ({ state: 'present', value: { size: 1 }, shows: { address: `${address} ${id}` } });
  const first = (await planned(declare('thing:a', { size: 1 }))).plan;
  expect(first.resources).toMatchObject([{ action: 'none', shows: { address: '10.0.0.1 a' } }]);
  address = '10.0.0.2';
  const second = (await planned(declare('thing:a', { size: 1 }))).plan;
  expect(second.digest).toBe(first.digest);
  expect(second.resources[0]!.fingerprint).toBe(first.resources[0]!.fingerprint);
  expect((await applied(declare('thing:a', { size: 1 }))).results).toMatchObject([
    { result: 'unchanged', shows: { address: '10.0.0.2 a' } },
  ]);
  all.onObserve = () => ({ state: 'present', value: {}, shows: { undeclared: 1 } });
  expect((await planned(declare('thing:b'))).plan.diagnostics).toMatchObject([{ code: 'type-bug' }]);
});

test.each([
  ['remote', ['changed', 'changed']],
  ['host', ['changed', 'failed']],
] as const)('what a run made on a %s target and is seen late is waited for', async (on, results) => {
  let looks = 0;
  const { all, applied } = setUp({ runs: on === 'host' ? { on } : { on, target: 'aws' } });
  all.onObserve = id => {
    if (id !== 'b' || (all.objects.has('a') && looks++ > 2)) return undefined;
    return { state: 'unknown', waitsFor: 'thing:a' };
  };
  const report = await applied(declare('thing:a'), declare('thing:b', { inside: 'a' }));
  expect(report.results.map(({ result }) => result)).toEqual(results);
});
