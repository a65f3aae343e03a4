import { expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import { owe, owedTo } from '../../src/engine/memory/owed-refreshes.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, refs, testRun, testWorld, things } from '../support/engine-world.ts';

async function setUp() {
  const all = things();
  for (const id of ['conf', 'web', 'new']) all.objects.set(id, {});
  const world = testWorld();
  const run = () => testRun([all.type], world);
  await owe(run(), 'thing:conf', ['thing:web']);
  const warnings = async (...resources: Parameters<typeof catalogOf>[0]) => {
    const made = await plan(catalogOf(resources), run(), { engine: '1' });
    return { made, said: made.diagnostics.filter(({ code }) => code === 'refresh-lost') };
  };
  return { all, run, warnings };
}

test('B9: a refresh owed to what was renamed is said, until an apply', async () => {
  const { run, warnings } = await setUp();
  const renamed = [declare('thing:conf'), declare('thing:new', {}, { subscribe: refs('thing:conf') })];
  const { made, said } = await warnings(...renamed);
  expect(said).toMatchObject([{ severity: 'warning', hint: expect.stringContaining('apply forgets') }]);
  expect(said[0]!.message).toBe(
    '`thing:web` is owed a refresh since a change of thing:conf, and is not declared: nothing refreshes it',
  );
  await apply(made, run(), { noop: true });
  expect((await warnings(...renamed)).said).toHaveLength(1);
  await apply(made, run());
  expect((await warnings(...renamed)).said).toEqual([]);
});

test('one that is owed by what is not declared here either may be of other manifests: said and kept', async () => {
  const { run, warnings } = await setUp();
  const { made, said } = await warnings(declare('thing:new'));
  expect(said).toMatchObject([{ hint: expect.stringContaining('other manifests') }]);
  await apply(made, run());
  expect(owedTo(run(), { address: 'thing:web' })).toEqual(['thing:conf']);
});

test('one that is declared and only not selected is neither said nor forgotten', async () => {
  const { run } = await setUp();
  const site = catalogOf([
    declare('thing:conf'),
    declare('thing:web', {}, { subscribe: refs('thing:conf') }),
  ]);
  const made = await plan(site, run(), { engine: '1', only: ['thing:conf'] });
  expect(made.diagnostics.filter(({ code }) => code === 'refresh-lost')).toEqual([]);
  await apply(made, run());
  expect(owedTo(run(), { address: 'thing:web' })).toEqual(['thing:conf']);
});
