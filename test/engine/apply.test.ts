import { describe, expect, test } from 'vitest';
import { type ApplyOptions, apply } from '../../src/engine/apply/apply.ts';
import { interrupted } from '../../src/engine/apply/outcome.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Outcome } from '../../src/engine/model/resource-type.ts';
import type { World } from '../../src/engine/model/world.ts';
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
  volatileMemory,
} from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

async function converge(
  { type }: Things,
  resources: CatalogResource[],
  {
    world = testWorld(),
    signal,
    only = [],
    ...options
  }: { world?: World; signal?: AbortSignal; only?: string[] } & ApplyOptions = {},
) {
  const run = testRun([type], world, signal ? { signal } : {});
  const planned = await plan(catalogOf(resources), run, { engine: '1.0.0', only });
  const report = await apply(planned, run, options);
  const results = Object.fromEntries(report.results.map(r => [r.address, r.result]));
  return { run, planned, report, results };
}

describe('order', () => {
  test('changes come after what they need, deletions before what they are in', async () => {
    const all = things();
    all.objects.set('old', {}).set('in-old', {});
    const absent = { ensure: 'absent' as const };
    const { report } = await converge(all, [
      declare('thing:in-new', { inside: 'new' }),
      declare('thing:new'),
      declare('thing:old', {}, absent),
      declare('thing:in-old', { inside: 'old' }, absent),
    ]);
    const writes = all.log.filter(line => !line.startsWith('observe'));
    expect(writes.indexOf('create new')).toBeLessThan(writes.indexOf('create in-new'));
    expect(writes.indexOf('delete in-old')).toBeLessThan(writes.indexOf('delete old'));
    expect([...all.objects.keys()]).toEqual(['new', 'in-new']);
    expect(report.proof).toEqual({ empty: true, pending: [] });
    expect(report.numbers).toEqual({ steps: 4 });
  });

  test('a second apply plans and does nothing', async () => {
    const all = things();
    const site = () => [declare('thing:a', { size: 1 }), declare('thing:b', { tags: ['x', 'y'] })];
    await converge(all, site());
    all.log.length = 0;
    const { planned, report } = await converge(all, site());
    expect(planned.resources.map(r => r.action)).toEqual(['none', 'none']);
    expect(all.log).toEqual(['observe a,b']);
    expect(report.proof).toBeUndefined();
  });

  test('what is independent runs at once, no more than the realm allows', async () => {
    const all = things();
    let now = 0;
    let most = 0;
    all.onApply = async () => {
      most = Math.max(most, ++now);
      await new Promise(resolve => setImmediate(resolve));
      now--;
    };
    await converge(
      all,
      Array.from({ length: 12 }, (_, i) => declare(`thing:t${i}`)),
    );
    expect(most).toBe(4);
  });

  test('a long step holds up only what waits for it', async () => {
    const all = things();
    const quickIsDone = Promise.withResolvers<void>();
    all.onApply = async id => {
      if (id === 'slow') await quickIsDone.promise;
      if (id === 'after-quick') quickIsDone.resolve();
    };
    const { results } = await converge(all, [
      declare('thing:slow'),
      declare('thing:quick'),
      declare('thing:after-quick', { inside: 'quick' }),
    ]);
    expect(results).toEqual({
      'thing:slow': 'changed',
      'thing:quick': 'changed',
      'thing:after-quick': 'changed',
    });
  });

  test('a realm of one writer gets all its steps in one call', async () => {
    const all = things({ realm: { name: 'dism', concurrency: 1 } });
    let calls = 0;
    const { apply: original } = all.type;
    all.type.apply = (steps, io) => {
      calls++;
      return original(steps, io);
    };
    await converge(all, [declare('thing:a'), declare('thing:b'), declare('thing:c')]);
    expect(calls).toBe(1);
    expect(all.objects.size).toBe(3);
  });
});

describe('stale observations', () => {
  test('what a write in the realm may have moved is observed again, once for all that became ready', async () => {
    const all = things();
    await converge(all, [
      declare('thing:base'),
      ...['a', 'b', 'c'].map(name => declare(`thing:${name}`, { inside: 'base' })),
    ]);
    expect(all.log.filter(line => line.startsWith('observe'))).toEqual([
      'observe base,a,b,c',
      'observe a,b,c',
      'observe base,a,b,c',
    ]);
  });

  test('what came about by itself meanwhile is left alone', async () => {
    const all = things();
    all.onApply = async id => {
      if (id === 'base') all.objects.set('a', {});
    };
    const { results } = await converge(all, [declare('thing:base'), declare('thing:a', { inside: 'base' })]);
    expect(results['thing:a']).toBe('unchanged');
    expect(all.log).not.toContain('create a');
  });

  test('a copy of something that changes is planned and made again', async () => {
    const all = things();
    all.objects.set('origin', { size: 1 }).set('copy', { size: 2 });
    all.onApply = async id => {
      if (id === 'origin') all.objects.set('copy', { size: 1 });
    };
    const { planned, results } = await converge(all, [
      declare('thing:origin', { size: 2 }),
      declare('thing:copy', { size: 2, copies: 'origin' }),
    ]);
    const copy = planned.resources.find(r => r.address === 'thing:copy')!;
    expect(copy).toMatchObject({
      action: 'update',
      fields: [{ path: '/size', reason: 'after thing:origin' }],
    });
    expect(results['thing:copy']).toBe('changed');
  });

  test('so it is when the two live in different realms', async () => {
    const copies = things();
    const origins = things({ name: 'origin', realm: { name: 'origins', concurrency: 1 } });
    origins.objects.set('a', { size: 1 });
    copies.objects.set('copy', { size: 2 });
    origins.onApply = async () => {
      copies.objects.set('copy', { size: 1 });
      return undefined;
    };
    const run = testRun([copies.type, origins.type]);
    const resources = [declare('origin:a', { size: 2 }), declare('thing:copy', { size: 2, copies: 'a' })];
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    expect(planned.resources[1]!.action).toBe('update');
    await apply(planned, run);
    expect(copies.objects.get('copy')).toEqual({ size: 2 });
  });

  test('what could not be seen at first is observed when reached', async () => {
    const all = things();
    all.onObserve = id =>
      id === 'site' && !all.objects.has('iis') ? { state: 'unknown', waitsFor: 'thing:iis' } : undefined;
    const { planned, results } = await converge(all, [
      declare('thing:iis'),
      declare('thing:site', { inside: 'iis' }),
    ]);
    expect(planned.resources[1]).toMatchObject({
      action: 'unknown',
      reason: "can't be seen before thing:iis",
    });
    expect(results['thing:site']).toBe('changed');
  });

  test('what turns out to be a deletion that the plan did not say is held', async () => {
    const all = things();
    all.objects.set('site', {});
    all.onObserve = id =>
      id === 'site' && !all.objects.has('iis') ? { state: 'unknown', waitsFor: 'thing:iis' } : undefined;
    const { report } = await converge(all, [
      declare('thing:iis'),
      declare('thing:site', { inside: 'iis' }, { ensure: 'absent' }),
    ]);
    expect(report.results[1]).toMatchObject({
      result: 'blocked',
      diagnostic: { code: 'held', category: 'blocked' },
    });
    expect(all.objects.has('site')).toBe(true);
  });
});

describe('failures', () => {
  test('dependants are skipped by name, the rest goes on', async () => {
    const all = things();
    all.onApply = async id => {
      if (id !== 'bad') return undefined;
      return { ok: false, diagnostic: worldSays('no', 'it said no'), retry: 'never', undone: true };
    };
    const { report } = await converge(all, [
      declare('thing:bad'),
      declare('thing:child', { inside: 'bad' }),
      declare('thing:grandchild', { inside: 'child' }),
      declare('thing:other'),
    ]);
    const byAddress = new Map(report.results.map(r => [r.address, r]));
    expect(byAddress.get('thing:bad')).toMatchObject({ result: 'failed', diagnostic: { code: 'no' } });
    expect(byAddress.get('thing:child')).toMatchObject({ result: 'skipped', note: 'depends on thing:bad' });
    expect(byAddress.get('thing:grandchild')).toMatchObject({
      result: 'skipped',
      note: 'depends on thing:child',
    });
    expect(byAddress.get('thing:other')).toMatchObject({ result: 'changed' });
    expect([...all.objects.keys()]).toEqual(['other']);
  });

  test('a safe retry waits longer each time and gives up after three tries', async () => {
    const all = things();
    all.onApply = async () => ({
      ok: false,
      diagnostic: worldSays('busy', 'busy'),
      retry: 'safe',
      undone: true,
    });
    const { host, clock } = folderHost();
    const { results } = await converge(all, [declare('thing:a')], { world: testWorld({ host }) });
    expect(results['thing:a']).toBe('failed');
    expect(all.log.filter(line => line === 'create a')).toHaveLength(3);
    expect(clock.slept).toEqual([1000, 2000]);
  });

  test('a retry looks again first: what came right by itself is not done twice', async () => {
    const all = things();
    all.onApply = async id => {
      all.objects.set(id, {});
      return { ok: false, diagnostic: worldSays('answer-lost', 'lost'), retry: 'safe', undone: false };
    };
    const { results } = await converge(all, [declare('thing:a')]);
    expect(results['thing:a']).toBe('changed');
    expect(all.log.filter(line => line === 'create a')).toHaveLength(1);
  });

  test('a bug in a type is its failure and names it, the run goes on', async () => {
    const all = things();
    all.onApply = async id => {
      if (id === 'a') throw new TypeError('cannot read properties of undefined');
    };
    const { report } = await converge(all, [declare('thing:a'), declare('thing:b')]);
    expect(report.results[0]).toMatchObject({ result: 'failed', diagnostic: { code: 'type-bug' } });
    expect(report.results[0]!.diagnostic!.message).toContain('`thing`');
    expect(report.results[1]!.result).toBe('changed');
  });

  test('a type that does not converge is named', async () => {
    const all = things();
    all.onApply = async () => ({ ok: true });
    const { report } = await converge(all, [declare('thing:a', { size: 1 })]);
    expect(report.proof).toEqual({ empty: false, pending: ['thing:a'] });
    expect(report.diagnostics).toMatchObject([{ code: 'not-convergent', category: 'world' }]);
    expect(report.diagnostics[0]!.message).toContain('`thing`');
  });

  test('so is what was in sync and is not any more', async () => {
    const all = things();
    all.objects.set('victim', { size: 1 });
    all.onApply = async () => {
      all.objects.set('victim', { size: 2 });
      return undefined;
    };
    const { report } = await converge(all, [declare('thing:a'), declare('thing:victim', { size: 1 })]);
    expect(report.proof).toEqual({ empty: false, pending: ['thing:victim'] });
    expect(report.diagnostics[0]!.message).toContain('was in sync when planned');
  });

  test('what is remote gets time to become consistent', async () => {
    const all = things({ runs: { on: 'remote', target: 'aws' } });
    const { host, clock } = folderHost();
    all.onObserve = id => (id === 'a' && clock.slept.length < 2 ? { state: 'absent' } : undefined);
    const { report } = await converge(all, [declare('thing:a')], { world: testWorld({ host }) });
    expect(report.proof).toEqual({ empty: true, pending: [] });
    expect(clock.slept).toEqual([1000, 2000]);
  });
});

test.each([
  ['no outcome', 'done'],
  ['a failure without a reason', { ok: false }],
  ['a reason that is none', { ok: false, diagnostic: {} }],
  ['numbers that are none', { ok: true, numbers: { bytes: 1n } }],
])('a type that answers %s is faulty, the run goes on', async (_, answer) => {
  const all = things({ refresh: async () => answer as never });
  all.objects.set('c', {});
  all.onApply = async id => (id === 'a' ? (answer as never) : undefined);
  const { report } = await converge(all, [
    declare('thing:a'),
    declare('thing:b', {}, { notify: refs('thing:c') }),
    declare('thing:c'),
  ]);
  expect(report.results).toMatchObject([
    { result: 'failed', diagnostic: { code: 'type-bug' } },
    { result: 'changed' },
    { result: 'failed', diagnostic: { code: 'type-bug' } },
  ]);
});

describe('notifications', () => {
  const site = () => [
    declare('thing:config', { size: 1 }, { notify: refs('thing:service') }),
    declare('thing:other', { size: 1 }, { notify: refs('thing:service') }),
    declare('thing:service', {}),
  ];

  test('one refresh after all notifiers, none when nothing changed', async () => {
    const all = things();
    all.objects.set('service', {});
    const first = await converge(all, site());
    expect(first.results['thing:service']).toBe('refreshed');
    expect(all.log.filter(line => line === 'refresh service')).toHaveLength(1);
    expect(all.log.indexOf('refresh service')).toBeGreaterThan(all.log.indexOf('create other'));
    all.log.length = 0;
    await converge(all, site());
    expect(all.log).not.toContain('refresh service');
  });

  test('what was created just now needs none', async () => {
    const all = things();
    const { results, run } = await converge(all, site());
    expect(results['thing:service']).toBe('changed');
    expect(all.log).not.toContain('refresh service');
    expect(run.world.memory.engine.get('owed-refresh:thing:service')).toBeUndefined();
  });

  test('an owed refresh survives a run that ends between change and refresh', async () => {
    const all = things();
    all.objects.set('service', {});
    const world = testWorld({ memory: volatileMemory() });
    const stop = new AbortController();
    all.onApply = async id => {
      if (id === 'config') stop.abort('SIGINT');
    };
    const first = await converge(all, site(), { world, signal: stop.signal });
    expect(first.report.interrupted).toBe(true);
    expect(all.log).not.toContain('refresh service');
    delete all.onApply;
    const second = await converge(
      all,
      site().filter(r => r.address !== 'thing:other'),
      { world },
    );
    expect(second.planned.resources.at(-1)).toMatchObject({
      action: 'refresh',
      reason: 'owed from an earlier run',
    });
    expect(second.results['thing:service']).toBe('refreshed');
    const third = await converge(all, site().slice(0, 1).concat(site().slice(2)), { world });
    expect(third.planned.resources.every(r => r.action === 'none')).toBe(true);
  });

  test('the debt is durable before the change is made', async () => {
    const all = things();
    all.objects.set('service', {});
    const world = testWorld();
    let owed: unknown;
    all.onApply = async () => {
      owed = world.memory.engine.get('owed-refresh:thing:service');
    };
    await converge(
      all,
      site().filter(r => r.address !== 'thing:other'),
      { world },
    );
    expect(owed).toEqual(['thing:config']);
  });

  test('a notifier that failed and left nothing behind owes nothing', async () => {
    const all = things();
    all.objects.set('service', {});
    all.onApply = async () => ({
      ok: false,
      diagnostic: worldSays('no', 'no'),
      retry: 'never',
      undone: true,
    });
    const { run, results } = await converge(all, site());
    expect(results['thing:service']).toBe('skipped');
    expect(run.world.memory.engine.get('owed-refresh:thing:service')).toBeUndefined();
  });
});

describe('notifications to what is not selected', () => {
  const site = () => [
    declare('thing:config', { size: 1 }, { notify: refs('thing:service') }),
    declare('thing:service', {}, { notify: refs('thing:proxy') }),
    declare('thing:proxy'),
    declare('thing:old', {}, { ensure: 'absent', subscribe: refs('thing:config') }),
  ];

  test('are owed until a run takes it, and then go on from there', async () => {
    const all = things();
    all.objects.set('service', {}).set('proxy', {});
    const world = testWorld();
    await converge(all, site(), { world, only: ['thing:config'] });
    expect(world.memory.engine.get('owed-refresh:thing:old')).toBeUndefined();
    await converge(all, site(), { world, only: ['thing:service'] });
    const { results } = await converge(all, site(), { world });
    expect(results).toMatchObject({ 'thing:service': 'unchanged', 'thing:proxy': 'refreshed' });
    expect(all.log.filter(line => line.startsWith('refresh'))).toEqual(['refresh service', 'refresh proxy']);
    expect((await converge(all, site(), { world })).results['thing:proxy']).toBe('unchanged');
  });
});

describe('noop and interruption', () => {
  test('noop changes and observes nothing more, and says what would change', async () => {
    const all = things();
    const { results } = await converge(all, [declare('thing:a'), declare('thing:b', { inside: 'a' })], {
      noop: true,
    });
    expect(results).toEqual({ 'thing:a': 'noop', 'thing:b': 'noop' });
    expect(all.log).toEqual(['observe a,b']);
  });

  test('noop on one resource holds that one and notifies nobody', async () => {
    const all = things();
    all.objects.set('service', {});
    const { planned, results } = await converge(all, [
      declare('thing:config', { size: 1 }, { noop: true, notify: refs('thing:service') }),
      declare('thing:service'),
    ]);
    expect(planned.resources.map(r => r.action)).toEqual(['create', 'none']);
    expect(results).toEqual({ 'thing:config': 'noop', 'thing:service': 'unchanged' });
    expect(all.objects.has('config')).toBe(false);
  });

  test('an interrupted run awaits what runs and starts nothing new', async () => {
    const all = things();
    const stop = new AbortController();
    let ended = false;
    all.onApply = async (id, signal) => {
      if (id !== 'first') return;
      stop.abort('SIGTERM');
      expect(signal.aborted).toBe(true);
      await new Promise(resolve => setImmediate(resolve));
      ended = true;
    };
    const { report, run } = await converge(
      all,
      [declare('thing:first'), declare('thing:then', { inside: 'first' })],
      { signal: stop.signal },
    );
    expect(ended).toBe(true);
    expect(report.results).toMatchObject([
      { address: 'thing:first', result: 'changed' },
      { address: 'thing:then', result: 'skipped', note: 'interrupted before it began' },
    ]);
    expect(run.events).toContainEqual({ type: 'interrupted', signal: 'SIGTERM' });
  });

  test.each<[string, () => Outcome | undefined, object]>([
    [
      'that gives up',
      () => {
        throw new Error('aborted');
      },
      { result: 'interrupted', note: expect.stringMatching(/^cut short/) },
    ],
    [
      'that says what became of it',
      () => ({ ok: false, diagnostic: interrupted('all undone'), retry: 'never', undone: true }),
      { result: 'interrupted', note: 'all undone' },
    ],
    [
      'that failed by itself',
      () => ({ ok: false, diagnostic: worldSays('disk-full', 'no'), retry: 'never', undone: false }),
      { result: 'failed', diagnostic: { code: 'disk-full' } },
    ],
  ])('a step %s when the run is interrupted', async (_, answer, expected) => {
    const all = things();
    const stop = new AbortController();
    all.onApply = async () => {
      stop.abort('SIGINT');
      return answer();
    };
    const { report } = await converge(all, [declare('thing:a')], { signal: stop.signal });
    expect(report.results).toMatchObject([expected]);
    if ('note' in expected) expect(report.results[0]!.diagnostic).toBeUndefined();
  });
});
