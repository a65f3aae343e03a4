import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource, CatalogTarget } from '../../src/engine/model/catalog.ts';
import { parsePlan } from '../../src/engine/plan/plan-file.ts';
import { planJson } from '../../src/engine/plan/plan-json.ts';
import { plan, relativeTo } from '../../src/engine/plan/planner.ts';
import type { Selection } from '../../src/engine/select/select.ts';
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

const planOf = (
  { type }: Things,
  resources: CatalogResource[],
  selection: Selection = {},
  world = testWorld(),
) => plan(catalogOf(resources), testRun([type], world), { engine: '1.0.0', ...selection });

describe('actions', () => {
  test('create, update, delete, none; each field with the place it came from', async () => {
    const all = things();
    all.objects.set('b', { size: 1, note: 'same' }).set('c', {}).set('d', { size: 4 });
    const b = declare('thing:b', { size: 2, note: 'same' });
    const { resources } = await planOf(all, [
      declare('thing:a', { size: 1, settings: { deep: { x: 1 } } }),
      b,
      declare('thing:c', {}, { ensure: 'absent' }),
      declare('thing:d', { size: 4 }),
      declare('thing:e', {}, { ensure: 'absent' }),
    ]);
    expect(resources.map(r => r.action)).toEqual(['create', 'update', 'delete', 'none', 'none']);
    expect(resources[0]!.fields.map(f => f.path)).toEqual(['/settings/deep/x', '/size']);
    expect(resources[1]!.fields).toEqual([{ path: '/size', before: 1, after: 2, at: b.places.get('/size') }]);
  });

  test('a value below a written one has the place of the nearest written one, else of the title', async () => {
    const a = declare('thing:a', { settings: { deep: 1 } });
    a.places.set('/settings/deep', { file: 'other.yaml', line: 99, column: 1 });
    const b = declare('thing:b', { settings: { deep: 1 } });
    const c = declare('thing:c', { size: 1 });
    c.places.clear();
    const { resources } = await planOf(things(), [a, b, c]);
    expect(resources.map(r => r.fields[0]!.at)).toEqual([
      { file: 'other.yaml', line: 99, column: 1 },
      b.places.get('/settings'),
      c.at,
    ]);
  });

  test('nothing is observed twice and nothing changed', async () => {
    const all = things();
    await planOf(all, [declare('thing:a'), declare('thing:b')]);
    expect(all.log).toEqual(['observe a,b']);
    expect(all.objects.size).toBe(0);
  });
});

describe('what could not be observed', () => {
  test('fails alone when the type says so, and what depends on it says why it waits', async () => {
    const all = things();
    all.onObserve = id =>
      id === 'a' ? { state: 'failed', diagnostic: worldSays('denied', 'a is closed') } : undefined;
    const { resources, diagnostics } = await planOf(all, [
      declare('thing:a'),
      declare('thing:b', { inside: 'a' }),
    ]);
    expect(resources[0]).toMatchObject({ action: 'failed', reason: 'a is closed' });
    expect(resources[1]).toMatchObject({
      action: 'create',
      reason: 'waits for thing:a, which could not be observed',
    });
    expect(diagnostics).toMatchObject([{ code: 'denied', address: 'thing:a' }]);
  });

  test('a target that answers nothing is one diagnostic for all its resources; the rest is planned', async () => {
    const dead = things({
      name: 'remote_thing',
      observe: async () => {
        throw new Failure(worldSays('unreachable', 'the target does not answer'));
      },
    });
    const alive = things();
    const run = testRun([dead.type, alive.type]);
    const resources = [declare('remote_thing:a'), declare('remote_thing:b'), declare('thing:c')];
    const planned = await plan(catalogOf(resources), run, { engine: '1.0.0' });
    expect(planned.diagnostics).toEqual([worldSays('unreachable', 'the target does not answer')]);
    expect(planned.resources.map(r => r.action)).toEqual(['failed', 'failed', 'create']);
    const report = await apply(planned, run);
    expect(report.results.map(r => r.result)).toEqual(['failed', 'failed', 'changed']);
  });

  test.each([
    ['throws', async () => Promise.reject(new RangeError('oops'))],
    ['leaves one out', async () => new Map()],
    ['answers nonsense', async () => new Map([['a', { state: 'maybe' }]])],
    ['says no more than that it failed', async () => new Map([['a', { state: 'failed' }]])],
    ['answers no map', async () => undefined],
    ['answers what is not JSON', async () => new Map([['a', { state: 'present', value: { size: 1n } }]])],
  ])('a type that %s is named as faulty', async (_, observe) => {
    const { diagnostics, resources } = await planOf(things({ observe: observe as never }), [
      declare('thing:a'),
    ]);
    expect(resources[0]!.action).toBe('failed');
    expect(diagnostics).toMatchObject([{ code: 'type-bug', message: expect.stringContaining('`thing`') }]);
    expect(() => textOf(renderDiagnostics(diagnostics, new Map(), { width: 80 }))).not.toThrow();
  });

  const oops = () => {
    throw new RangeError('oops');
  };
  const nothingThere = async () => new Map([['x', { state: 'absent' }]]);
  test.each<[string, object]>([
    ['identity throws', { identity: oops }],
    ['identity is not text', { identity: () => undefined }],
    ['needs throw', { needs: oops }],
    ['needs are nonsense', { needs: () => [{}] }],
    ['provides throws', { provides: oops }],
    ['provides nonsense', { provides: () => [null] }],
    ['desires NaN', { desired: () => ({ size: Number.NaN }) }],
    ['desires a bigint', { desired: () => ({ size: 1n }) }],
    ['desires NaN where nothing is', { desired: () => ({ size: Number.NaN }), observe: nothingThere }],
    ['desires nothing', { desired: () => undefined }],
    ['differs by NaN', { diff: () => [{ path: '/size', after: Number.NaN }] }],
    ['differs by a bigint', { diff: () => [{ path: '/size', before: 1n }] }],
    ['differs in nonsense', { diff: () => [{}] }],
    ['fails without saying why', { observe: async () => new Map([['x', { state: 'failed' }]]) }],
    ['waits for nothing', { observe: async () => new Map([['x', { state: 'unknown' }]]) }],
  ])('a type whose resource %s is named, and the rest goes on', async (_, overrides) => {
    const present = { observe: async () => new Map([['x', { state: 'present', value: { size: 1 } }]]) };
    const faulty = things({ name: 'faulty', identity: () => 'x', ...present, ...overrides } as never);
    const sound = things();
    const run = testRun([faulty.type, sound.type]);
    const resources = [declare('faulty:x', { size: 2 }), declare('thing:b')];
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    expect(planned.diagnostics).toMatchObject([
      { code: 'type-bug', message: expect.stringContaining('`faulty`') },
    ]);
    const report = await apply(planned, run);
    expect(report.results.map(r => [r.address, r.result])).toEqual([
      ['faulty:x', 'failed'],
      ['thing:b', 'changed'],
    ]);
  });

  test('unknown with nothing to bring it is a failure that names what is missing', async () => {
    const all = things();
    all.onObserve = () => ({ state: 'unknown', waitsFor: 'iis', hint: 'declare a `windows_feature`' });
    const { diagnostics, resources } = await planOf(all, [declare('thing:a')]);
    expect(resources[0]!.action).toBe('failed');
    expect(diagnostics).toMatchObject([
      {
        code: 'not-observable',
        message: expect.stringContaining('`iis`'),
        hint: expect.stringContaining('windows_feature'),
      },
    ]);
  });

  test('what waits for one that could not be observed is not a mistake of its own, and is skipped', async () => {
    const sound = things({ needs: () => [{ anyOf: ['certificate:web'] }] });
    const broken = things({ name: 'cert', provides: () => ['certificate:web'] });
    broken.onObserve = () => ({ state: 'failed', diagnostic: worldSays('gone', 'the store does not open') });
    sound.onObserve = () => ({ state: 'unknown', waitsFor: 'certificate:web' });
    const run = testRun([broken.type, sound.type]);
    const resources = [declare('cert:web'), declare('thing:binding')];
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    expect(planned.diagnostics.map(({ code }) => code)).toEqual(['gone']);
    expect(planned.resources.map(({ address, reason }) => [address, reason])).toEqual([
      ['cert:web', 'the store does not open'],
      ['thing:binding', 'waits for cert:web, which could not be observed'],
    ]);
    const report = await apply(planned, run);
    expect(report.results.map(r => [r.address, r.result])).toEqual([
      ['cert:web', 'failed'],
      ['thing:binding', 'skipped'],
    ]);
  });
});

describe('the document', () => {
  const site = (file: string, shift: number) => {
    const all = [
      declare('thing:a', { tags: ['é', 'b'], size: 1 }),
      declare('thing:b', {}, { require: refs('thing:a') }),
    ];
    for (const r of all) r.at = { file, line: r.at.line + shift, column: 1 };
    return all;
  };

  test('its digest does not depend on where the manifests lie or what else is in them', async () => {
    const one = await planOf(things(), site('site.yaml', 0));
    const other = await planOf(things(), site('/elsewhere/site.yaml', 40).reverse());
    expect(other.digest).toBe(one.digest);
    const changed = site('site.yaml', 0);
    changed[0]!.properties.size = 2;
    expect((await planOf(things(), changed)).digest).not.toBe(one.digest);
  });

  test('its digest moves with what was there before', async () => {
    const all = things();
    all.objects.set('a', { size: 7 });
    const one = await planOf(all, site('site.yaml', 0));
    all.objects.set('a', { size: 8 });
    expect((await planOf(all, site('site.yaml', 0))).digest).not.toBe(one.digest);
  });

  test('it is the same bytes in another locale and time zone', async () => {
    const before = { TZ: process.env.TZ, LC_ALL: process.env.LC_ALL };
    const resources = ['ä', 'z', 'A', 'a', 'Z'].map((name, i) => {
      const one = declare(`thing:${name}${i}`, { size: 1.5 });
      one.at = { file: 'f', line: 1, column: 1 };
      one.places.clear();
      return one;
    });
    const texts: string[] = [];
    for (const [tz, locale] of [
      ['UTC', 'C'],
      ['Asia/Kathmandu', 'sv_SE.UTF-8'],
    ]) {
      Object.assign(process.env, { TZ: tz, LC_ALL: locale });
      texts.push(planJson(await planOf(things(), resources)));
    }
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    expect(texts[1]).toBe(texts[0]);
    expect(parsePlan(texts[0]!, 'plan.json').resources.map(r => r.title)).toEqual([
      'A2',
      'Z4',
      'a3',
      'z1',
      'ä0',
    ]);
  });

  test('paths below the working directory are written from there', () => {
    expect(relativeTo('/here', '/here/a/b')).toBe('./a/b');
    expect(relativeTo('/here', '/workshop/a')).toBe('/workshop/a');
    expect(relativeTo('/', '/a')).toBe('/a');
  });

  test('a target has its identity, by the world where the world knows better', async () => {
    const target: CatalogTarget = {
      name: 'dr',
      type: 'aws',
      properties: { region: 'eu-west-1' },
      at: declare('thing:a').at,
    };
    const { type } = things();
    const world = { ...testWorld(), identify: async () => 'account 123' };
    const planned = await plan(catalogOf([], [target]), testRun([type], world), { engine: '1' });
    expect(planned.targets).toEqual([{ ...target, identity: 'account 123' }]);
  });
});

test('a target that does not say who it is leaves the rest planned', async () => {
  const target: CatalogTarget = { name: 'dr', type: 'aws', properties: {}, at: declare('thing:a').at };
  const identify = async () => Promise.reject(new Failure(worldSays('unreachable', 'no answer')));
  const run = testRun([things().type], { ...testWorld(), identify });
  const planned = await plan(catalogOf([declare('thing:a')], [target]), run, { engine: '1' });
  expect(planned.resources.map(r => r.action)).toEqual(['create']);
  expect(planned.diagnostics).toMatchObject([{ code: 'unreachable' }]);
});

describe('secrets', () => {
  const ref = { $secret: 'env:PASSWORD' };
  test('that can not be read back are compared with what was applied last', async () => {
    const all = things();
    const world = testWorld();
    world.secrets['env:PASSWORD'] = 'first-password';
    const site = [declare('thing:a', { password: ref })];
    const run = testRun([all.type], world);
    const first = await plan(catalogOf(site), run, { engine: '1' });
    expect(first.resources[0]!.fields).toMatchObject([{ path: '/password', after: ref }]);
    await apply(first, run);
    expect((await planOf(all, site, {}, world)).resources[0]!.action).toBe('none');
    world.secrets['env:PASSWORD'] = 'second-password';
    const third = await planOf(all, site, {}, world);
    expect(third.resources[0]).toMatchObject({
      action: 'update',
      fields: [{ path: '/password', after: ref }],
    });
    expect(JSON.stringify(third)).not.toContain('second-password');
    expect(
      JSON.stringify([...(world.memory as unknown as { entries: Map<string, unknown> }).entries]),
    ).not.toContain('first-password');
  });

  test('one that can not be read fails its resource alone', async () => {
    const all = things();
    all.objects.set('a', {});
    const world = testWorld();
    await world.memory.engine.set('secret:thing::a', { '/password': { salt: 'AA==', hash: 'AA==' } });
    const { resources, diagnostics } = await planOf(
      all,
      [declare('thing:a', { password: ref }), declare('thing:b')],
      {},
      world,
    );
    expect(resources.map(r => r.action)).toEqual(['failed', 'create']);
    expect(diagnostics).toMatchObject([{ code: 'no-secret', address: 'thing:a' }]);
  });

  test('that a type lets slip into what it observed are in no plan, and the type is named', async () => {
    const all = things({
      async observe(asked, io) {
        const text = await io.secret(ref);
        return new Map(asked.map(({ id }) => [id, { state: 'present', value: { note: `was ${text}` } }]));
      },
    });
    const world = testWorld();
    world.secrets['env:PASSWORD'] = 'leaked-password';
    const planned = await planOf(all, [declare('thing:a', { note: 'is' })], {}, world);
    expect(planned.resources[0]!.action).toBe('failed');
    expect(planned.diagnostics).toMatchObject([{ code: 'type-bug', address: 'thing:a' }]);
    expect(planned.diagnostics[0]!.message).toBe(
      'the resource type `thing` is faulty: what it answered for a holds the text of the secret `env:PASSWORD`',
    );
    expect(JSON.stringify(planned)).not.toContain('leaked-password');
  });
});

describe('selection', () => {
  const site = () => [
    declare('thing:base', {}, { labels: ['core'] }),
    declare('thing:web/a', { inside: 'base' }),
    declare('thing:web/b', { inside: 'base' }, { labels: ['core'] }),
  ];
  const selected = async (selection: Selection) =>
    (await planOf(things(), site(), selection)).resources.map(r => r.title);

  test.each<[Selection, string[]]>([
    [{}, ['base', 'web/a', 'web/b']],
    [{ only: ['thing'] }, ['base', 'web/a', 'web/b']],
    [{ only: ['thing:base'] }, ['base']],
    [{ only: ['thing:web/*'] }, ['web/a', 'web/b']],
    [{ only: ['label:core'] }, ['base', 'web/b']],
    [{ except: ['label:core'] }, ['web/a']],
    [{ only: ['*'], except: ['thing:web/?'] }, ['base']],
  ])('%j', async (selection, titles) => {
    expect(await selected(selection)).toEqual(titles);
  });

  test('a dropped dependency is named, and is not waited for', async () => {
    const planned = await planOf(things(), site(), { only: ['thing:web/*'] });
    expect(planned.diagnostics).toMatchObject([{ code: 'dependency-dropped', severity: 'warning' }]);
    expect(planned.diagnostics[0]!.message).toContain('thing:base');
    expect(planned.resources.flatMap(r => r.dependsOn)).toEqual([]);
  });

  test('order holds through what is dropped', async () => {
    const chain = ['d', 'c', 'b', 'a'].map((name, i, all) =>
      declare(`thing:${name}`, i === 0 ? {} : { inside: all[i - 1]! }),
    );
    const planned = await planOf(things(), chain, { except: ['thing:b', 'thing:c'] });
    expect(planned.resources.map(r => [r.address, r.dependsOn])).toEqual([
      ['thing:d', []],
      ['thing:a', ['thing:d']],
    ]);
  });

  test('a selector that selects nothing is an error with the nearest name', async () => {
    await expect(selected({ only: ['thing:bsae'], except: ['label:cor'] })).rejects.toMatchObject({
      diagnostics: [
        { code: 'nothing-selected', category: 'given', hint: 'did you mean `thing:base`?' },
        { code: 'nothing-selected', hint: 'did you mean `label:core`?' },
      ],
    });
  });
});

test('a run interrupted while observing rejects with the signal', async () => {
  const stop = new AbortController();
  const all = things();
  all.onObserve = () => void stop.abort('SIGINT') as undefined;
  const run = testRun([all.type], testWorld(), { signal: stop.signal });
  await expect(plan(catalogOf([declare('thing:a')]), run, { engine: '1' })).rejects.toBe('SIGINT');
});
