import { describe, expect, test } from 'vitest';
import { textOf } from '../../src/diagnostics/lines.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { Catalog, CatalogResource } from '../../src/engine/model/catalog.ts';
import { comparePlans } from '../../src/engine/plan/plan-diff.ts';
import { planDigest } from '../../src/engine/plan/plan-digest.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { recheck } from '../../src/engine/plan/recheck.ts';
import { renderMarkdown } from '../../src/engine/render/markdown.ts';
import { renderPlanDiff } from '../../src/engine/render/plan-diff.ts';
import { renderText } from '../../src/engine/render/render-plan.ts';
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

/** A configuration, and what is loaded from it: each a realm of its own. */
function world(onConf: (loaded: Things) => void) {
  const conf = things({ name: 'conf', realm: { name: 'confs', concurrency: 4 } });
  const loaded = things({ name: 'load', realm: { name: 'loads', concurrency: 4 } });
  conf.onApply = async id => {
    conf.objects.set(id, { size: 2 });
    onConf(loaded);
    return { ok: true };
  };
  conf.objects.set('c', { size: 1 });
  loaded.objects.set('l', { size: 1 });
  return { conf, loaded, types: [conf.type, loaded.type] };
}

const site = (more: Parameters<typeof declare>[2] = {}, extra: CatalogResource[] = []): CatalogResource[] => [
  declare('conf:c', { size: 2 }),
  declare('load:l', { size: 1 }, { require: refs('conf:c'), ...more }),
  ...extra,
];

async function converge({ types }: ReturnType<typeof world>, catalog: Catalog, allow: string[] = []) {
  const run = testRun(types);
  const planned = await plan(catalog, run, { engine: '1' });
  const report = await apply(planned, run, { allow });
  return { planned, report, results: Object.fromEntries(report.results.map(r => [r.address, r])) };
}

const movesAway = (loaded: Things) => loaded.objects.set('l', { size: 7 });

describe('B2: what depends on a change is looked at again', () => {
  test('the plan says so, the same run mends it, and says why', async () => {
    const it = world(movesAway);
    const { planned, report, results } = await converge(it, catalogOf(site()));
    const [conf, load] = planned.resources;
    expect([conf!.action, conf!.lookAgain]).toEqual(['update', undefined]);
    expect([load!.action, load!.lookAgain]).toEqual(['none', true]);
    expect(results['load:l']).toMatchObject({
      action: 'update',
      result: 'changed',
      note: 'in sync until conf:c changed',
    });
    expect(it.loaded.objects.get('l')).toEqual({ size: 1 });
    expect(report.proof).toEqual({ empty: true, pending: [] });
    const again = await converge(it, catalogOf(site()));
    expect(again.planned.resources.map(({ action, lookAgain }) => [action, lookAgain])).toEqual([
      ['none', undefined],
      ['none', undefined],
    ]);
    expect(it.loaded.log.at(-1)).toBe('observe l');
  });

  test('through what stays as it is, too', async () => {
    const it = world(loaded => loaded.objects.set('far', { size: 9 }));
    it.loaded.objects.set('far', { size: 1 });
    const far = declare('load:far', { size: 1 }, { require: refs('load:l') });
    const { results, planned } = await converge(it, catalogOf(site({}, [far])));
    expect(planned.resources.filter(one => one.lookAgain).map(({ address }) => address)).toEqual([
      'load:l',
      'load:far',
    ]);
    expect(results['load:l']!.result).toBe('unchanged');
    expect(results['load:far']!.result).toBe('changed');
  });

  test('renderings say it tersely, and the digest covers it', async () => {
    const it = world(movesAway);
    const run = testRun(it.types);
    const made = await plan(catalogOf(site()), run, { engine: '1' });
    expect(textOf(renderText(made))).toContain('looked at again after that: load:l\n');
    expect(textOf(renderText(made))).toContain('1 in sync (1 looked at again)');
    expect(renderMarkdown(made)).toContain('Looked at again after that: `load:l`');
    const without = {
      ...made,
      resources: made.resources.map(({ lookAgain: _, ...resource }) => resource),
    };
    expect(planDigest(without)).not.toBe(made.digest);
    expect(textOf(renderPlanDiff(comparePlans(without, made, run.registry)))).toContain(
      'load:l  looked at again',
    );
  });

  test('what then needs deleting is held back', async () => {
    const it = world(loaded => loaded.objects.set('x', { size: 3 }));
    const absent = declare('load:x', {}, { ensure: 'absent', require: refs('conf:c') });
    const { results } = await converge(it, catalogOf([declare('conf:c', { size: 2 }), absent]), ['load:x']);
    expect(results['load:x']).toMatchObject({ result: 'blocked', diagnostic: { code: 'held' } });
    expect(it.loaded.objects.has('x')).toBe(true);
  });

  test('a window that is closed holds it, and the budget bounds it', async () => {
    const window = { from: '05:00', to: '05:01' };
    const held = await converge(world(movesAway), catalogOf(site({ window })));
    expect(held.results['load:l']).toMatchObject({ result: 'held' });

    const spent = await converge(world(movesAway), { ...catalogOf(site()), policy: { max_changes: 1 } });
    expect(spent.results['conf:c']!.result).toBe('changed');
    expect(spent.results['load:l']).toMatchObject({
      result: 'blocked',
      diagnostic: { code: 'over-budget' },
    });
    const enough = await converge(world(movesAway), { ...catalogOf(site()), policy: { max_changes: 2 } });
    expect(enough.results['load:l']!.result).toBe('changed');
  });

  test('noop of the resource: said, not done', async () => {
    const it = world(movesAway);
    const { results } = await converge(it, catalogOf(site({ noop: true })));
    expect(results['load:l']!.result).toBe('noop');
    expect(it.loaded.objects.get('l')).toEqual({ size: 7 });
  });

  test('its own receivers are refreshed', async () => {
    const it = world(movesAway);
    it.loaded.objects.set('served', {});
    const served = declare('load:served', {}, { subscribe: refs('load:l') });
    const { results } = await converge(it, catalogOf(site({}, [served])));
    expect(results['load:served']!.result).toBe('refreshed');
  });

  test('a plan from a file is stale when what it would look at again has been changed', async () => {
    const it = world(movesAway);
    const made = await plan(catalogOf(site()), testRun(it.types), { engine: '1' });
    it.loaded.objects.set('l', { size: 5 });
    await expect(recheck(made, testRun(it.types))).rejects.toThrow('`load:l` has changed since');
  });
});

describe('what time alone made due', () => {
  const ages = (clockNow: () => number) => {
    const made = new Map<string, number>();
    const all = things({
      async observe(asked, { clock }) {
        return new Map(
          asked.map(({ id }) => [
            id,
            {
              state: 'present' as const,
              value: { size: clock.now() - (made.get(id) ?? 0) < 60_000 ? 1 : 0 },
            },
          ]),
        );
      },
    });
    all.onApply = async id => {
      made.set(id, clockNow());
      return { ok: true };
    };
    return { all, made };
  };

  test('is neither done in the run nor held against it', async () => {
    const { host } = folderHost();
    let now = 1_000_000;
    const clock = { ...host.clock, now: () => now };
    const { all, made } = ages(() => now);
    const other = things({ name: 'slow', realm: { name: 'slows', concurrency: 1 } });
    other.onApply = async () => {
      now += 10 * 60_000;
      return { ok: true };
    };
    for (const id of ['near', 'apart']) made.set(id, now - 30_000);
    const run = testRun([all.type, other.type], testWorld({ host: { ...host, clock } }));
    other.onObserve = () =>
      other.log.includes('create s') ? { state: 'present', value: {} } : { state: 'absent' };
    const planned = await plan(
      catalogOf([
        declare('slow:s'),
        declare('thing:due', { size: 1 }),
        declare('thing:near', { size: 1 }, { require: refs('slow:s') }),
        declare('thing:apart', { size: 1 }),
      ]),
      run,
      { engine: '1' },
    );
    expect(planned.resources.map(({ address, action }) => `${address} ${action}`).sort()).toEqual([
      'slow:s create',
      'thing:apart none',
      'thing:due update',
      'thing:near none',
    ]);
    const report = await apply(planned, run);
    expect(report.results.find(({ address }) => address === 'thing:near')!.result).toBe('unchanged');
    expect(report.proof).toEqual({ empty: true, pending: [] });
    expect(report.diagnostics).toEqual([]);
  });
});

describe('what only shares a realm', () => {
  test('is looked at once, without waiting, and is not said to be the doing of this run', async () => {
    const remote = things({ runs: { on: 'remote', target: 'there' } });
    remote.objects.set('other', { size: 1 });
    remote.onApply = async () => {
      remote.objects.set('a', {});
      remote.objects.set('other', { size: 2 });
      return { ok: true };
    };
    const run = testRun([remote.type]);
    const waited: number[] = [];
    run.world.host.clock.sleep = async ms => {
      if (ms < 60_000) waited.push(ms);
      else await new Promise<void>(() => {});
    };
    const planned = await plan(catalogOf([declare('thing:a'), declare('thing:other', { size: 1 })]), run, {
      engine: '1',
    });
    const report = await apply(planned, run);
    expect(report.proof).toEqual({ empty: false, pending: ['thing:other'] });
    expect(report.diagnostics[0]!.message).toContain('this run or somebody else changed it since');
    expect(waited).toEqual([]);
  });
});
