import Type from 'typebox';
import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import { subjectsOf } from '../../src/engine/model/subject.ts';
import type { World } from '../../src/engine/model/world.ts';
import { lookupsOf } from '../../src/engine/observe/lookups.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { record, replay } from '../../src/engine/record/recording.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import {
  catalogOf,
  declare,
  refs,
  type Things,
  testRun,
  testWorld,
  things,
} from '../support/engine-world.ts';

/** Pools of things, and things that name the pool they are in. */
let pools: Things;
let users: Things;
let world: World | undefined;

beforeEach(() => {
  world = undefined;
  pools = things({
    name: 'pool',
    check: (_, title) =>
      title.includes('/') ? [{ pointer: '', code: 'wrong-name', message: `${title} isn't a name` }] : [],
  });
  users = things({
    name: 'user',
    schema: Type.Object({
      size: Type.Optional(Type.Number()),
      pool: Type.Optional(Type.String({ 'x-ref': 'pool' })),
      more: Type.Optional(Type.Array(Type.Object({ pool: Type.String({ 'x-ref': 'pool' }) }))),
    }),
    desired: ({ size }) => ({ size: size ?? 0 }),
  });
});

const run = () => {
  world ??= testWorld();
  return testRun([pools.type, users.type], world);
};
const planned = async (...resources: CatalogResource[]) => plan(catalogOf(resources), run(), { engine: '1' });
const applied = async (...resources: CatalogResource[]) => {
  const one = run();
  return apply(await plan(catalogOf(resources), one, { engine: '1' }), one);
};
const actions = ({ resources }: Awaited<ReturnType<typeof planned>>) =>
  Object.fromEntries(resources.map(({ address, action }) => [address, action]));

describe('an object that a property names', () => {
  test('comes first when it is declared, in any spelling, wherever the name stands', async () => {
    const result = await planned(
      declare('user:a', { pool: 'SHOP', more: [{ pool: 'other' }] }),
      declare('pool:shop'),
      declare('pool:Other'),
    );
    expect(result.resources.find(({ address }) => address === 'user:a')!.dependsOn).toEqual([
      'pool:Other',
      'pool:shop',
    ]);
    expect(result.diagnostics).toEqual([]);
    expect(pools.log).toEqual(['observe other,shop']);
  });

  test('that is declared absent is a mistake', async () => {
    const failing = planned(
      declare('user:a', { pool: 'shop' }),
      declare('pool:shop', {}, { ensure: 'absent' }),
    );
    expect(await diagnosticOf(failing)).toMatchObject({ code: 'needs-absent' });
  });

  test('and is not declared is looked up, in the same call as the declared ones', async () => {
    pools.objects.set('old', {});
    const result = await planned(declare('user:a', { pool: 'Old' }), declare('pool:entirely-new'));
    expect(actions(result)).toEqual({ 'user:a': 'create', 'pool:entirely-new': 'create' });
    expect(pools.log).toEqual(['observe entirely-new,old']);
    expect(result.diagnostics).toEqual([]);
  });

  test('that is there with nearly the name of a declared one is warned of', async () => {
    pools.objects.set('shop', {});
    const result = await planned(declare('user:a', { pool: 'shop' }), declare('pool:shops'));
    expect(result.diagnostics).toMatchObject([
      { code: 'nearly-declared', severity: 'warning', address: 'user:a', hint: 'did you mean `shops`?' },
    ]);
  });

  test('that is nowhere fails at its place, and so does what depends on it', async () => {
    const user = declare('user:a', { size: 1, pool: 'shop' });
    users.objects.set('a', { size: 1 });
    const result = await planned(
      user,
      declare('pool:shops'),
      declare('user:b', {}, { require: refs('user:a') }),
    );
    expect(actions(result)).toEqual({ 'user:a': 'failed', 'user:b': 'create', 'pool:shops': 'create' });
    expect(result.diagnostics).toMatchObject([
      {
        code: 'not-observable',
        category: 'world',
        address: 'user:a',
        at: user.places.get('/pool'),
        hint: 'did you mean `shops`?',
      },
    ]);
    const report = await applied(user);
    expect(report.results).toMatchObject([{ result: 'failed' }]);
  });

  test('with a name that its type refuses is a mistake at its place', async () => {
    const user = declare('user:a', { pool: 'a/b' });
    expect(await diagnosticOf(planned(user))).toMatchObject({
      code: 'wrong-name',
      category: 'given',
      address: 'user:a',
      at: user.places.get('/pool'),
    });
  });

  test('may be brought by what is required, and is looked up again before it is used', async () => {
    const bringing = declare('user:maker');
    const user = declare('user:a', { pool: 'shop' }, { require: refs('user:maker') });
    expect(actions(await planned(bringing, user))).toEqual({ 'user:maker': 'create', 'user:a': 'unknown' });
    const without = await applied(bringing, user);
    expect(without.results.map(({ result }) => result)).toEqual(['changed', 'failed']);
    expect(without.results[1]!.diagnostic).toMatchObject({
      code: 'named-not-there',
      at: user.at,
    });
    users.objects.delete('maker');
    users.onApply = async id => {
      if (id === 'maker') pools.objects.set('shop', {});
      return undefined;
    };
    const report = await applied(bringing, user);
    expect(report.results.map(({ result }) => result)).toEqual(['changed', 'changed']);
  });

  test("of one that is to be absent is nobody's business", async () => {
    expect(actions(await planned(declare('user:a', { pool: 'shop' }, { ensure: 'absent' })))).toEqual({
      'user:a': 'none',
    });
  });

  test('is part of a recording', async () => {
    pools.objects.set('old', {});
    const catalog = catalogOf([declare('user:a', { pool: 'old' })]);
    const first = run();
    const { resources } = await plan(catalog, first, { engine: '1' });
    expect(resources).toMatchObject([{ action: 'create' }]);
    const surroundings = { registry: first.registry, targets: [], where: first.where };
    const subjects = subjectsOf(catalog.resources, surroundings);
    const lookups = [...lookupsOf(subjects, subjects, surroundings).values()];
    const { recording } = await record(first, [...subjects, ...lookups], []);
    pools.log.length = 0;
    const again = await plan(catalog, run(), { engine: '1', observe: replay(recording, 'seen.json', []) });
    expect(actions(again)).toEqual({ 'user:a': 'create' });
    expect(pools.log).toEqual([]);
  });
});
