import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { world } from '../../src/diagnostics/diagnostic.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource, Json } from '../../src/engine/model/catalog.ts';
import type { Locks } from '../../src/engine/model/locks.ts';
import type { Outcome, Step } from '../../src/engine/model/resource-type.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import {
  catalogOf,
  declare,
  refs,
  type Things,
  testRun,
  testWorld,
  things,
} from '../support/engine-world.ts';

type Objects = Things['objects'];

/**
 * Things that live elsewhere. Another machine changes them when `other` says, once, between a plan and its
 * writes.
 */
function setUp(overrides: Partial<Things['type']> = {}) {
  const elsewhere = things({
    name: 'copy',
    runs: { on: 'remote', target: 'aws' },
    realm: { name: 'copies', concurrency: 4 },
    needs: ({ inside }) => (inside === undefined ? [] : [{ anyOf: [`thing:${inside}`] }]),
    ...overrides,
  });
  const converge = async (
    resources: CatalogResource[],
    other: (objects: Objects) => void = () => {},
    when: 'planned' | 'locked' = 'planned',
  ) => {
    let over = false;
    const onceOnly = () => {
      if (!over) other(elsewhere.objects);
      over = true;
    };
    // This machine's locks keep nobody else out: another has its own.
    const locks: Locks = {
      async take() {
        if (when === 'locked') onceOnly();
        return { waited: false, release: async () => {} };
      },
    };
    const run = testRun([elsewhere.type], testWorld({ locks }));
    const planned = await plan(catalogOf(resources), run, { engine: '1.0.0' });
    if (when === 'planned') onceOnly();
    elsewhere.log.length = 0;
    const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
    const results = Object.fromEntries(report.results.map(({ address, result }) => [address, result]));
    return { report, results, run };
  };
  const wrote = () => elsewhere.log.filter(line => !line.startsWith('observe'));
  return { elsewhere, converge, wrote };
}

const absent = { ensure: 'absent' } as const;

describe.each(['planned', 'locked'] as const)('what another machine changes once it is %s', when => {
  const cases: [string, Record<string, Json> | undefined, CatalogResource, (objects: Objects) => void][] = [
    ['an update', { size: 1 }, declare('copy:vm', { size: 2 }), o => o.set('vm', { size: 7 })],
    ['a create', undefined, declare('copy:vm', { size: 2 }), o => o.set('vm', { size: 7 })],
    ['a delete', { size: 1 }, declare('copy:vm', {}, absent), o => o.set('vm', { size: 7 })],
    ['an update of what is gone', { size: 1 }, declare('copy:vm', { size: 2 }), o => o.delete('vm')],
  ];
  test.each(cases)('%s is not made, and what depends on it is left', async (_, before, declared, other) => {
    const { elsewhere, converge, wrote } = setUp();
    if (before) elsewhere.objects.set('vm', before);
    const after = declare('copy:after', { size: 1 }, { require: refs('copy:vm') });
    const { report, results } = await converge(
      [declared, after, declare('copy:apart', { size: 1 })],
      other,
      when,
    );
    expect(results).toEqual({ 'copy:vm': 'failed', 'copy:after': 'skipped', 'copy:apart': 'changed' });
    expect(wrote()).toEqual(['create apart']);
    expect(report.results.find(({ result }) => result === 'failed')?.diagnostic).toMatchObject({
      category: 'world',
      code: 'changed-meanwhile',
      address: 'copy:vm',
      hint: expect.stringContaining('run again'),
    });
  });

  test('and is now as declared needs nothing', async () => {
    const { converge, wrote } = setUp();
    const { results } = await converge(
      [declare('copy:vm', { size: 2 })],
      o => o.set('vm', { size: 2 }),
      when,
    );
    expect(results).toEqual({ 'copy:vm': 'unchanged' });
    expect(wrote()).toEqual([]);
  });

  test('and is gone need not be deleted', async () => {
    const { elsewhere, converge, wrote } = setUp();
    elsewhere.objects.set('vm', { size: 1 });
    const { results } = await converge([declare('copy:vm', {}, absent)], o => o.delete('vm'), when);
    expect(results).toEqual({ 'copy:vm': 'unchanged' });
    expect(wrote()).toEqual([]);
  });

  test('in what nobody declares keeps nothing from being done', async () => {
    const { elsewhere, converge, wrote } = setUp();
    elsewhere.objects.set('vm', { size: 1 });
    const other = (o: Objects) => o.set('vm', { size: 1, note: 'mine' });
    const { results } = await converge([declare('copy:vm', { size: 2 })], other, when);
    expect(results).toEqual({ 'copy:vm': 'changed' });
    expect(wrote()).toEqual(['update vm']);
    expect(elsewhere.objects.get('vm')).toEqual({ size: 2, note: 'mine' });
  });

  test('is another object, though it looks the same', async () => {
    const { elsewhere, converge, wrote } = setUp();
    elsewhere.objects.set('vm', { size: 1 });
    let object = 'first';
    elsewhere.onObserve = id => {
      const value = elsewhere.objects.get(id);
      return value && { state: 'present', value, object };
    };
    const other = () => {
      object = 'second';
    };
    const { report } = await converge([declare('copy:vm', { size: 2 })], other, when);
    expect(report.results[0]).toMatchObject({ result: 'failed', diagnostic: { code: 'changed-meanwhile' } });
    expect(wrote()).toEqual([]);
  });
});

test('a revision alone keeps a delete back, and a change goes on with the new one', async () => {
  const seen: (string | undefined)[] = [];
  const { elsewhere, converge } = setUp({
    async apply(steps: Step<unknown, object>[]) {
      seen.push(...steps.map(({ revision }) => revision));
      return new Map<string, Outcome>(steps.map(({ id }) => [id, { ok: true }]));
    },
  });
  let revision = 'r1';
  elsewhere.objects.set('gone', { size: 1 });
  elsewhere.objects.set('kept', { size: 1 });
  elsewhere.onObserve = id => {
    const value = elsewhere.objects.get(id);
    return value ? { state: 'present', value, revision } : { state: 'absent', revision };
  };
  const declared = [
    declare('copy:gone', {}, absent),
    declare('copy:kept', { size: 2 }),
    declare('copy:new', { size: 2 }),
  ];
  const { results } = await converge(declared, () => {
    revision = 'r2';
  });
  expect(results).toMatchObject({ 'copy:gone': 'failed' });
  expect(seen).toEqual(['r2', 'r2']);
});

test('one that could not be looked at again is not changed', async () => {
  const { elsewhere, converge, wrote } = setUp();
  const diagnostic = world('timed-out', 'it does not answer', { hint: 'wait' });
  const other = () => {
    elsewhere.onObserve = () => ({ state: 'failed', diagnostic });
  };
  const { report } = await converge([declare('copy:vm', { size: 1 })], other);
  expect(report.results[0]).toMatchObject({ result: 'failed', diagnostic: { code: 'timed-out' } });
  expect(wrote()).toEqual([]);
});

test('what a write itself is refused for is not tried again: the new difference was never shown', async () => {
  const { elsewhere, converge, wrote } = setUp();
  elsewhere.onApply = async () => ({
    ok: false,
    diagnostic: world('changed-meanwhile', 'somebody else was first', { hint: 'run again' }),
    retry: 'safe',
    undone: true,
  });
  const { results } = await converge([declare('copy:vm', { size: 1 })]);
  expect(results).toEqual({ 'copy:vm': 'failed' });
  expect(wrote()).toEqual(['create vm']);
});

const lost: Outcome = {
  ok: false,
  diagnostic: world('aws-unreachable', 'no answer', { hint: 'wait' }),
  retry: 'safe',
  undone: false,
};
const retried: [string, CatalogResource, (objects: Objects) => void][] = [
  ['which was removed', declare('copy:vm', { size: 2 }), o => o.delete('vm')],
  ['with another value', declare('copy:vm', { size: 2 }), o => o.set('vm', { size: 7 })],
  [
    'in another property',
    declare('copy:vm', { size: 2, note: 'n' }),
    o => o.set('vm', { size: 1, note: 'other' }),
  ],
];
test.each(retried)(
  'an object that failed and %s meanwhile is not tried again',
  async (_, declared, other) => {
    const { elsewhere, converge, wrote } = setUp();
    elsewhere.objects.set('vm', { size: 1, note: 'n' });
    elsewhere.onApply = async () => {
      other(elsewhere.objects);
      return lost;
    };
    const { report } = await converge([declared]);
    expect(report.results[0]).toMatchObject({ result: 'failed', diagnostic: { code: 'changed-meanwhile' } });
    expect(wrote()).toEqual(['update vm']);
  },
);

test('what is left of a try that failed half-way is done', async () => {
  const { elsewhere, converge, wrote } = setUp();
  elsewhere.objects.set('vm', { size: 1, note: 'old' });
  let tries = 0;
  elsewhere.onApply = async id => {
    if (tries++ > 0) return undefined;
    elsewhere.objects.set(id, { size: 2, note: elsewhere.objects.get(id)?.note ?? 'old' });
    return lost;
  };
  const declared = [
    declare('copy:vm', { size: 2, note: 'new' }),
    declare('copy:new', { size: 2, note: 'new' }),
  ];
  const { results } = await converge(declared);
  expect(results).toEqual({ 'copy:vm': 'changed', 'copy:new': 'changed' });
  expect(wrote().length).toBe(3);
});

test('what is in sync is looked at no more than before', async () => {
  const { elsewhere, converge } = setUp();
  elsewhere.objects.set('vm', { size: 1 });
  await converge([declare('copy:vm', { size: 1 })]);
  expect(elsewhere.log).toEqual([]);
});

test('what is changed under a lease goes by what is seen under it', async () => {
  const { elsewhere, converge, wrote } = setUp({ leased: true });
  elsewhere.objects.set('vm', { size: 1 });
  const { results } = await converge([declare('copy:vm', { size: 2 })], o => o.set('vm', { size: 7 }));
  expect(results).toEqual({ 'copy:vm': 'changed' });
  expect(elsewhere.log).toEqual(['update vm', 'observe vm']);
  expect(wrote()).toEqual(['update vm']);
});

test('a change that its own run made is no surprise', async () => {
  const { elsewhere, converge, wrote } = setUp();
  elsewhere.objects.set('first', { size: 1 });
  elsewhere.objects.set('second', { size: 1 });
  elsewhere.onApply = async id => {
    if (id === 'first') elsewhere.objects.set('second', { size: 5 });
    return undefined;
  };
  const second = declare('copy:second', { size: 2 }, { require: refs('copy:first') });
  const { results } = await converge([declare('copy:first', { size: 2 }), second]);
  expect(results).toEqual({ 'copy:first': 'changed', 'copy:second': 'changed' });
  expect(wrote()).toEqual(['update first', 'update second']);
});

describe('whatever two machines do', () => {
  const state = fc.option(fc.record({ size: fc.integer({ min: 0, max: 2 }) }), { nil: undefined });
  const names = ['a', 'b', 'c'];
  const each = <T>(arbitrary: fc.Arbitrary<T>) => fc.tuple(arbitrary, arbitrary, arbitrary);
  test('nothing is written but what was shown, on what is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        each(state),
        each(state),
        each(fc.option(state, { nil: 'nothing' as const })),
        fc.constantFrom('planned' as const, 'locked' as const),
        async (before, wanted, others, when) => {
          const { elsewhere, converge } = setUp();
          const put = (objects: Objects, name: string, value: { size: number } | undefined) =>
            value ? objects.set(name, value) : objects.delete(name);
          for (const [n, name] of names.entries()) put(elsewhere.objects, name, before[n]);
          const is = new Map(elsewhere.objects);
          const underneath = elsewhere.type.apply;
          const unseen: string[] = [];
          elsewhere.type.apply = async (steps, io) => {
            for (const step of steps) {
              const now = elsewhere.objects.get(step.id);
              const saw = step.kind === 'create' ? undefined : step.is;
              const shown = is.get(step.id);
              if (JSON.stringify(saw) !== JSON.stringify(now)) unseen.push(`${step.id}: not what is there`);
              if (JSON.stringify(shown) !== JSON.stringify(now))
                unseen.push(`${step.id}: not what was shown`);
            }
            return underneath(steps, io);
          };
          const declared = names.map((name, n) =>
            wanted[n] ? declare(`copy:${name}`, wanted[n]) : declare(`copy:${name}`, {}, absent),
          );
          const other = (objects: Objects) =>
            names.forEach((name, n) => {
              const value = others[n];
              if (value !== 'nothing') put(objects, name, value);
            });
          await converge(declared, other, when);
          expect(unseen).toEqual([]);
        },
      ),
    );
  });
});
