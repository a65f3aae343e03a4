import Type from 'typebox';
import { expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Member } from '../../src/engine/model/resource-type.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { recheck } from '../../src/engine/plan/recheck.ts';
import { expandSelections } from '../../src/engine/select/members.ts';
import { catalogOf, declare, refs, testRun, testWorld, things } from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const member = (title: string, more: Partial<Member> = {}): Member => ({
  title,
  id: `id-${title}`,
  names: [title.toLowerCase(), `id-${title}`],
  ...more,
});

/** Things that can be selected by the first letter of their name. */
function selectable(...names: string[]) {
  const there = { members: names.map(name => member(name)), fail: false, asked: 0 };
  const known = things({
    select: {
      schema: Type.Object({ first: Type.String() }),
      async find({ first }: { first: string }) {
        there.asked++;
        if (there.fail) throw new Failure(worldSays('no-answer', 'the target is silent'));
        return { members: there.members.filter(({ title }) => title.startsWith(first)), warnings: [] };
      },
    },
  });
  return { ...known, there };
}

const selection = (
  address: string,
  first: string,
  properties: Parameters<typeof declare>[1] = {},
  meta: Parameters<typeof declare>[2] = {},
): CatalogResource => ({ ...declare(address, properties, meta), select: { first } });

const options = { engine: '1.0.0' };

test('references to a selection mean each member, in every kind; its own go to each', async () => {
  const { type } = selectable('a1', 'a2', 'b1');
  const resources = [
    selection('thing:all', 'a', {}, { require: refs('thing:base'), notify: refs('thing:told') }),
    declare('thing:base'),
    declare('thing:told'),
    declare('thing:after', {}, { require: refs('thing:all'), subscribe: refs('thing:all') }),
    declare('thing:before', {}, { before: refs('thing:all/a2') }),
  ];
  const planned = await plan(catalogOf(resources), testRun([type]), options);
  const dependsOn = Object.fromEntries(planned.resources.map(one => [one.address, one.dependsOn]));
  expect(dependsOn).toMatchObject({
    'thing:all/a1': ['thing:base'],
    'thing:all/a2': ['thing:base', 'thing:before'],
    'thing:after': ['thing:all/a1', 'thing:all/a2'],
    'thing:told': ['thing:all/a1', 'thing:all/a2'],
  });
  expect(planned.resources.find(({ address }) => address === 'thing:all/a1')!.notifies).toEqual([
    'thing:after',
    'thing:told',
  ]);
});

test('implied edges are found for each member', async () => {
  const { type } = selectable('a1', 'a2');
  const resources = [
    selection('thing:all', 'a', { inside: 'box' }),
    declare('thing:box'),
    declare('thing:copy', { copies: 'a2' }),
  ];
  const { resources: planned } = await plan(catalogOf(resources), testRun([type]), options);
  const of = (address: string) => planned.find(one => one.address === address)!;
  expect(of('thing:all/a1').dependsOn).toEqual(['thing:box']);
  expect(of('thing:copy').dependsOn).toEqual(['thing:all/a2']);
});

test('an empty selection leaves nothing behind that waits for it', async () => {
  const { type } = selectable();
  const resources = [selection('thing:all', 'a'), declare('thing:after', {}, { require: refs('thing:all') })];
  const planned = await plan(catalogOf(resources), testRun([type]), { ...options, only: ['thing'] });
  expect(planned.resources).toMatchObject([{ address: 'thing:after', dependsOn: [] }]);
  expect(planned.diagnostics).toMatchObject([{ code: 'selects-nothing', severity: 'warning' }]);
  const none = await plan(catalogOf(resources), testRun([type]), { ...options, only: ['thing:all'] });
  expect(none.resources).toEqual([]);
});

test('a selection that cannot be asked fails, and what waits for it is not done', async () => {
  const { type, there, log } = selectable('a1');
  there.fail = true;
  const resources = [
    selection('thing:all', 'a'),
    declare('thing:after', {}, { require: refs('thing:all') }),
    declare('thing:free'),
  ];
  const run = testRun([type]);
  const planned = await plan(catalogOf(resources), run, options);
  const actions = Object.fromEntries(planned.resources.map(({ address, action }) => [address, action]));
  expect(actions).toEqual({ 'thing:all': 'failed', 'thing:after': 'create', 'thing:free': 'create' });
  expect(planned.diagnostics).toMatchObject([{ code: 'no-answer', address: 'thing:all' }]);
  await recheck(planned, testRun([type]));
  expect(log.filter(line => line.startsWith('observe')).join()).not.toContain('all');
  const { results } = await apply(planned, run);
  expect(results.find(({ address }) => address === 'thing:after')).toMatchObject({ result: 'skipped' });
  expect(log.filter(line => line.includes('create'))).toEqual(['create free']);
});

test('the object that is declared by itself, under whichever of its names, is not selected', async () => {
  const { type } = selectable('a1', 'a2', 'a3');
  const resources = [selection('thing:all', 'a'), declare('thing:A2'), declare('thing:id-a3')];
  const { resources: made, selections } = await expandSelections(catalogOf(resources), testRun([type]));
  expect(made.map(({ address }) => address)).toEqual(['thing:all/a1', 'thing:A2', 'thing:id-a3']);
  expect(selections[0]!.members.map(({ resource }) => resource)).toEqual([
    'thing:all/a1',
    'thing:A2',
    'thing:id-a3',
  ]);
});

test('two selections of the same objects are one mistake, however many objects', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `a${i + 10}`);
  const { type } = selectable(...names);
  const resources = [selection('thing:one', 'a'), selection('thing:two', 'a1'), selection('thing:b', 'b')];
  const failure = await expandSelections(catalogOf(resources), testRun([type])).catch(error => error);
  expect(failure.diagnostics).toMatchObject([
    {
      code: 'same-object',
      category: 'given',
      message: '`thing:one` and `thing:two` both select a10, a11, a12, a13, a14 and 5 more',
      at: resources[1]!.at,
      related: [{ at: resources[0]!.at }],
    },
  ]);
});

test('a title that looks like a member of a selection is told apart', async () => {
  const { type } = selectable('a1');
  const resources = [selection('thing:all', 'a'), declare('thing:all/a1')];
  await expect(expandSelections(catalogOf(resources), testRun([type]))).rejects.toThrow(/there twice/);
});

test('memory names who came and left and decides nothing; a noop remembers nothing', async () => {
  const { type, there } = selectable('a1', 'a2');
  const world = testWorld();
  const catalog = catalogOf([selection('thing:all', 'a')]);
  const seen = async () => {
    const { selections, digest } = await plan(catalog, testRun([type], world), options);
    return { ...selections![0]!, digest };
  };
  const applied = async (noop: boolean) => {
    const run = testRun([type], world);
    await apply(await plan(catalog, run, options), run, { noop });
  };
  expect(await seen()).toMatchObject({ joined: [], left: [] });
  await applied(true);
  there.members = [member('a2'), member('a3')];
  expect(await seen()).toMatchObject({ joined: [], left: [] });
  there.members = [member('a1'), member('a2')];
  await applied(false);
  there.members = [member('a2'), member('a3')];
  const now = await seen();
  expect(now).toMatchObject({ joined: ['a3'], left: ['a1'] });
  const forgetful = await plan(catalog, testRun([type]), options);
  expect(forgetful.digest).toBe(now.digest);
  await applied(false);
  expect(await seen()).toMatchObject({ joined: [], left: [] });
});

test('only what may be meant is asked', async () => {
  const { type, there } = selectable('a1');
  const catalog = catalogOf([selection('thing:all', 'a', {}, { labels: ['x'] }), declare('thing:base')]);
  const asks = async (...only: string[]) => {
    there.asked = 0;
    await expandSelections(catalog, testRun([type]), { only });
    return there.asked;
  };
  expect(await asks('thing:base')).toBe(0);
  for (const selector of ['thing', 'thing:all', 'thing:all/a1', 'thing:*', 'label:x'])
    expect(await asks(selector)).toBe(1);
});

test('a renamed object is named when the plan is applied later', async () => {
  const { type, there } = selectable('a1');
  const planned = await plan(catalogOf([selection('thing:all', 'a')]), testRun([type]), options);
  await recheck(planned, testRun([type]));
  there.members = [member('a9', { id: 'id-a1' })];
  await expect(recheck(planned, testRun([type]))).rejects.toThrow(
    /selects has changed.*: a9 joined; a1 left/,
  );
});

test('two members that want one real thing are a mistake that names both', async () => {
  const { type } = selectable('a1', 'a2', 'b1');
  type.claims = (_, id) => [{ what: `the port of ${id[0]}`, pointer: '' }];
  const several = plan(catalogOf([selection('thing:all', 'a')]), testRun([type]), options);
  await expect(several).rejects.toMatchObject({
    diagnostics: [
      { code: 'same-claim', message: '`thing:all/a2` and `thing:all/a1` both want the port of a' },
    ],
  });
  const one = await plan(catalogOf([selection('thing:all', 'b')]), testRun([type]), options);
  expect(one.resources.map(({ address }) => address)).toEqual(['thing:all/b1']);
});

test('what is claimed on one target is free on another', async () => {
  const { type } = things({
    runs: { on: 'remote', target: 'cloud' },
    claims: () => [{ what: 'the port 80', pointer: '' }],
  });
  const at = { file: 'site.yaml', line: 1, column: 1 };
  const targets = ['a', 'b'].map(name => ({ name, type: 'cloud', properties: {}, at }));
  const on = (...names: string[]) =>
    plan(
      catalogOf(
        names.map((target, i) => declare(`thing:t${i}`, {}, { target })),
        targets,
      ),
      testRun([type]),
      options,
    );
  expect((await on('a', 'b')).resources).toHaveLength(2);
  await expect(on('a', 'a')).rejects.toMatchObject({ diagnostics: [{ code: 'same-claim' }] });
});
