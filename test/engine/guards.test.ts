import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import { guardsOf } from '../../src/engine/guard/guards.ts';
import type { CatalogResource, Json, Metaparameters, Policy } from '../../src/engine/model/catalog.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { exitCode } from '../../src/engine/report/exit-code.ts';
import { hasFailed } from '../../src/engine/report/report.ts';
import { steppedClock } from '../support/engine-host.ts';
import {
  catalogOf,
  declare,
  refs,
  type Things,
  testRun,
  testWorld,
  things,
} from '../support/engine-world.ts';

/** Things whose size is a retention: smaller weakens. */
const kept = () =>
  things({
    schema: Type.Object({
      size: Type.Optional(Type.Number({ 'x-grade': { weakens: 'decrease' } })),
      note: Type.Optional(Type.String()),
    }),
  });

async function converge(
  all: Things,
  resources: CatalogResource[],
  { allow = [], policy, noop = false, now }: Options = {},
) {
  const world = testWorld();
  if (now !== undefined) world.host = { ...world.host, clock: steppedClock(Date.parse(now)) };
  const run = testRun([all.type], world);
  const planned = await plan({ ...catalogOf(resources), ...(policy && { policy }) }, run, { engine: '1' });
  const code = exitCode({ plan: planned, diagnostics: guardsOf(planned, allow), detailed: true });
  const report = await apply(planned, run, { allow, noop });
  return { planned, code, report, results: report.results.map(({ result }) => result) };
}
interface Options {
  allow?: string[];
  policy?: Policy;
  noop?: boolean;
  now?: string;
}

const changes = (all: Things) => all.log.filter(entry => !entry.startsWith('observe'));

describe('weakening', () => {
  const site = () => [
    declare('thing:a', { size: 1, note: 'new' }),
    declare('thing:below', { inside: 'a', size: 9 }),
    declare('thing:other', { size: 9 }),
  ];
  const weaker = () => {
    const all = kept();
    all.objects.set('a', { size: 5, note: 'old' });
    return all;
  };

  test('is graded per field and per resource', async () => {
    const all = weaker();
    all.objects.set('other', { size: 1 });
    const { planned } = await converge(all, site());
    expect(planned.resources.map(({ address, grade }) => [address, grade])).toEqual([
      ['thing:a', 'weakens'],
      ['thing:other', 'strengthens'],
      ['thing:below', 'neutral'],
    ]);
    expect(planned.resources[0]!.fields.map(({ path, grade }) => [path, grade])).toEqual([
      ['/note', undefined],
      ['/size', 'weakens'],
    ]);
  });

  test('is blocked with what depends on it; the rest is done; 8', async () => {
    const all = weaker();
    const { report, code, results } = await converge(all, site());
    expect(results).toEqual(['blocked', 'changed', 'skipped']);
    expect(report.results[0]!.diagnostic).toMatchObject({
      code: 'weakens-protection',
      category: 'blocked',
      message: expect.stringContaining('`size` would weaken'),
      hint: expect.stringContaining('--allow thing:a'),
    });
    expect(changes(all)).toEqual(['create other']);
    expect(all.objects.get('a')).toEqual({ size: 5, note: 'old' });
    expect(code).toBe(2 + 8);
    expect(exitCode({ report })).toBe(8);
  });

  test('is done when it is allowed by its address', async () => {
    const all = weaker();
    const { results, code, report } = await converge(all, site(), { allow: ['thing:a'] });
    expect(results).toEqual(['changed', 'changed', 'changed']);
    expect([code, exitCode({ report })]).toEqual([2, 0]);
  });

  test('of a resource that is only shown is not blocked', async () => {
    const all = weaker();
    const resources = [declare('thing:a', { size: 1 }, { noop: true })];
    expect(await converge(all, resources)).toMatchObject({ code: 2, results: ['noop'] });
  });

  test('that only shows when it is reached is not done', async () => {
    const all = kept();
    all.objects.set('site', { size: 5 });
    all.onObserve = id =>
      id === 'site' && !all.objects.has('iis') ? { state: 'unknown', waitsFor: 'thing:iis' } : undefined;
    const site = [declare('thing:iis'), declare('thing:site', { inside: 'iis', size: 1 })];
    const { report } = await converge(all, site);
    expect(report.results[1]).toMatchObject({ result: 'blocked', diagnostic: { code: 'held' } });
    expect(all.objects.get('site')).toEqual({ size: 5 });
  });
});

describe('weakening of a property that a type can leave out', () => {
  const apart = (more: Partial<Things['type']> = {}) => {
    const schema = Type.Object({
      size: Type.Optional(Type.Number({ 'x-grade': { weakens: 'decrease' } })),
      mode: Type.Optional(Type.Number({ 'x-grade': { weakens: 'decrease' } })),
      note: Type.Optional(Type.String()),
    });
    return things({ schema, apart: ['size'], ...more });
  };
  const remote = { runs: { on: 'remote', target: 'aws' } } as const;
  const wanted = [declare('thing:a', { size: 1, note: 'new' }), declare('thing:below', { inside: 'a' })];

  test.each([
    ['here', {}],
    ['elsewhere, where it is looked at again before the write', remote],
  ])(
    '%s leaves that alone as it is: the rest is done, told and proven, and the exit code has 8',
    async (_, more) => {
      const all = apart(more);
      all.objects.set('a', { size: 5, note: 'old' });
      const { planned, code, report, results } = await converge(all, wanted);
      expect(planned.resources[0]!.fields.map(({ path, apart: left }) => [path, left])).toEqual([
        ['/note', undefined],
        ['/size', true],
      ]);
      expect(results).toEqual(['changed', 'changed']);
      expect(all.objects.get('a')).toEqual({ size: 5, note: 'new' });
      expect(report.results[0]).toMatchObject({ heldBack: ['size'], note: 'size left as it is' });
      expect(report.proof).toEqual({ empty: true, pending: [] });
      expect(report.diagnostics).toEqual([
        expect.objectContaining({
          code: 'weakens-protection',
          message: expect.stringContaining('`size` of `thing:a` stays as it is'),
          hint: expect.stringContaining('--allow thing:a'),
        }),
      ]);
      expect([code, exitCode({ report, plan: planned }), hasFailed(report)]).toEqual([10, 8, true]);
      const allowed = await converge(all, wanted, { allow: ['thing:a'] });
      expect(all.objects.get('a')).toEqual({ size: 1, note: 'new' });
      expect(allowed.report.results[0]).not.toHaveProperty('heldBack');
    },
  );

  test.each<[string, Record<string, Json>, Record<string, Json>]>([
    ['that nothing else is to be done with', { size: 5 }, { size: 1 }],
    [
      'beside another that it can not leave out',
      { size: 5, mode: 5, note: 'old' },
      { size: 1, mode: 1, note: 'new' },
    ],
  ])('%s holds back the whole resource', async (_, before, properties) => {
    const all = apart();
    all.objects.set('a', before);
    const { report } = await converge(all, [declare('thing:a', properties)]);
    expect(report.results).toMatchObject([{ result: 'blocked', diagnostic: { code: 'weakens-protection' } }]);
    expect(all.objects.get('a')).toEqual(before);
  });

  test.each<[string, Record<string, Json>, string, object]>([
    ['is left out as well', { size: 5 }, 'changed', { size: 5, note: 'new' }],
    ['of what it can not leave out is not done', { mode: 5, size: 5 }, 'blocked', { mode: 5, size: 5 }],
  ])('that shows only when it is reached %s', async (_, hidden, result, after) => {
    const all = apart();
    all.objects.set('site', hidden);
    all.onObserve = id =>
      id === 'site' && !all.objects.has('iis') ? { state: 'unknown', waitsFor: 'thing:iis' } : undefined;
    const site = declare('thing:site', { inside: 'iis', size: 1, mode: 1, note: 'new' });
    if (hidden.mode === undefined) delete site.properties.mode;
    const { report } = await converge(all, [declare('thing:iis'), site]);
    expect(report.results[1]!.result).toBe(result);
    expect(all.objects.get('site')).toEqual(after);
  });

  test('does not let through what weakens besides by the time it is reached', async () => {
    const all = apart();
    all.objects.set('a', { size: 5, note: 'old', mode: 1 });
    const world = testWorld();
    const run = testRun([all.type], world);
    const declared = [
      declare('thing:first'),
      declare('thing:a', { inside: 'first', size: 1, note: 'new', mode: 1 }),
    ];
    const planned = await plan(catalogOf(declared), run, { engine: '1' });
    all.onApply = async id => {
      if (id === 'first') all.objects.set('a', { size: 5, note: 'old', mode: 5 });
      return undefined;
    };
    const report = await apply(planned, run);
    expect(report.results[1]).toMatchObject({ result: 'blocked', diagnostic: { code: 'held' } });
    expect(all.objects.get('a')).toEqual({ size: 5, note: 'old', mode: 5 });
  });
});

describe('deleting', () => {
  const gone = (meta: Partial<Metaparameters> = {}) => [
    declare('thing:a', {}, { ensure: 'absent', ...meta }),
  ];

  test.each([
    ['what is declared protected', () => kept(), { protect: true }],
    ['what protects by its type', () => things({ protects: true }), {}],
  ])('%s is blocked, unless it is allowed', async (_, make, meta) => {
    const all = make();
    all.objects.set('a', {});
    const refused = await converge(all, gone(meta));
    expect(refused).toMatchObject({ code: 10, results: ['blocked'] });
    expect(refused.report.results[0]!.diagnostic!.code).toBe('protected');
    expect(all.objects.has('a')).toBe(true);
    expect((await converge(all, gone(meta), { allow: ['thing:a'] })).results).toEqual(['changed']);
    expect(all.objects.has('a')).toBe(false);
  });

  test('anything else is free', async () => {
    const all = kept();
    all.objects.set('a', {});
    expect(await converge(all, gone())).toMatchObject({ code: 2, results: ['changed'] });
  });
});

test('--allow of what is not in the plan is an error with the nearest address, before anything is done', async () => {
  const all = kept();
  await expect(converge(all, [declare('thing:a')], { allow: ['thing:b', '*'] })).rejects.toMatchObject({
    diagnostics: [
      { code: 'nothing-allowed', category: 'given', hint: 'did you mean `thing:a`?' },
      { code: 'nothing-allowed' },
    ],
  });
  expect(changes(all)).toEqual([]);
});

describe('a budget', () => {
  const site = () => [
    declare('thing:a', { size: 1 }),
    declare('thing:b', {}, { ensure: 'absent' }),
    declare('thing:c', {}, { ensure: 'absent' }),
    declare('thing:shown', {}, { noop: true }),
    declare('thing:same'),
  ];
  const world = () => {
    const all = kept();
    all.objects.set('b', {}).set('c', {}).set('same', {});
    return all;
  };

  test('that is kept changes nothing', async () => {
    const { results } = await converge(world(), site(), { policy: { max_changes: 3, max_deletes: 2 } });
    expect(results).toEqual(['changed', 'changed', 'changed', 'unchanged', 'noop']);
  });

  test.each<[Policy, number]>([
    [{ max_changes: 2 }, 1],
    [{ max_deletes: 1 }, 1],
    [{ max_changes: 0, max_deletes: 0 }, 2],
  ])('%j refuses all of it, with one error per limit', async (policy, errors) => {
    const all = world();
    const refused = converge(all, site(), { policy, allow: ['thing:b'] });
    await expect(refused).rejects.toMatchObject({
      diagnostics: Array(errors).fill({ code: 'over-budget', category: 'blocked' }),
    });
    expect(changes(all)).toEqual([]);
  });
});

describe('a maintenance window', () => {
  const window = { days: ['sat'], from: '01:00', to: '05:00' };
  const site = () => [
    declare('thing:a', { size: 1 }, { window, notify: refs('thing:told') }),
    declare('thing:below', { inside: 'a' }),
    declare('thing:told', {}),
    declare('thing:free', {}),
  ];
  const world = () => {
    const all = kept();
    all.objects.set('told', {});
    return all;
  };

  test('that is closed holds the change and what depends on it, and says until when', async () => {
    const all = world();
    const { planned, report, code, results } = await converge(all, site(), { now: '2026-11-23T12:00Z' });
    const held = { until: '2026-11-28T01:00:00Z' };
    expect(planned.resources.map(({ address, held }) => [address, held])).toEqual([
      ['thing:a', held],
      ['thing:free', undefined],
      ['thing:below', { ...held, by: 'thing:a' }],
      ['thing:told', { ...held, by: 'thing:a' }],
    ]);
    expect(results).toEqual(['held', 'changed', 'held', 'held']);
    expect(report.results.map(({ note }) => note).slice(0, 3)).toEqual([
      'until 2026-11-28T01:00:00Z',
      undefined,
      'waits for thing:a',
    ]);
    expect(changes(all)).toEqual(['create free']);
    expect([code, exitCode({ report }), exitCode({ report, detailed: true })]).toEqual([2, 0, 2]);
  });

  test('only what is held: pending by the detailed exit code', async () => {
    const { report } = await converge(
      kept(),
      site()
        .slice(0, 1)
        .map(r => ({ ...r, meta: { ...r.meta, notify: [] } })),
      {
        now: '2026-11-23T12:00Z',
      },
    );
    expect([exitCode({ report }), exitCode({ report, detailed: true })]).toEqual([0, 2]);
    expect(report.proof).toBeUndefined();
  });

  test('that is open lets everything be done; the digest is the same', async () => {
    const open = await converge(world(), site(), { now: '2026-11-28T02:00Z' });
    expect(open.results).toEqual(['changed', 'changed', 'changed', 'refreshed']);
    const closed = await converge(world(), site(), { now: '2026-11-28T06:00Z' });
    expect(closed.planned.digest).toBe(open.planned.digest);
  });

  test('counts when a change is reached, not when the plan was made', async () => {
    const all = kept();
    const world_ = testWorld();
    const clock = steppedClock(Date.parse('2026-11-28T04:59Z'));
    world_.host = { ...world_.host, clock };
    const run = testRun([all.type], world_);
    const resources = [declare('thing:a', { size: 1 }, { window })];
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    expect(planned.resources[0]!.held).toBeUndefined();
    clock.time = Date.parse('2026-11-28T05:00Z');
    expect((await apply(planned, run)).results).toMatchObject([{ result: 'held' }]);
    expect(changes(all)).toEqual([]);
  });

  test('those that a type makes of its properties hold as well, and both have to be open', async () => {
    const all = things({
      windows: ({ size }) => (size === undefined ? [] : [{ from: '20:00', to: '02:00' }]),
    });
    const resources = [declare('thing:a', { size: 1 }, { window }), declare('thing:free', {})];
    const { planned, results } = await converge(all, resources, { now: '2026-11-27T21:00Z' });
    expect(planned.resources.map(({ address, held }) => [address, held?.until])).toEqual([
      ['thing:a', '2026-11-28T01:00:00Z'],
      ['thing:free', undefined],
    ]);
    expect(results).toEqual(['held', 'changed']);
  });

  test('nothing to change is not held', async () => {
    const all = kept();
    all.objects.set('a', { size: 1 });
    const { results } = await converge(all, [declare('thing:a', { size: 1 }, { window })], {
      now: '2026-11-23T12:00Z',
    });
    expect(results).toEqual(['unchanged']);
  });
});
