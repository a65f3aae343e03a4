import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogTarget } from '../../src/engine/model/catalog.ts';
import type { Plan, PlannedResource } from '../../src/engine/model/plan.ts';
import type { World } from '../../src/engine/model/world.ts';
import { planChecksum, planDigest } from '../../src/engine/plan/plan-digest.ts';
import { parsePlan } from '../../src/engine/plan/plan-file.ts';
import { planJson } from '../../src/engine/plan/plan-json.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { recheck } from '../../src/engine/plan/recheck.ts';
import { renderText } from '../../src/engine/render/render-plan.ts';
import { at, catalogOf, declare, testRun, testWorld, things } from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const site = () => [
  declare('thing:a', { size: 1 }),
  declare('thing:b', { size: 1 }),
  declare('thing:same', { size: 1 }),
];
const target: CatalogTarget = { name: 'dr', type: 'aws', properties: {}, at: at() };

async function saved(world: World = testWorld()) {
  const all = things();
  all.objects.set('same', { size: 1 }).set('b', { size: 0 });
  const planned = await plan(catalogOf(site(), [target]), testRun([all.type], world), { engine: '1.0.0' });
  all.log.length = 0;
  const read = () => parsePlan(planJson(planned), 'plan.json');
  return { all, read, run: (other = world) => testRun([all.type], other) };
}

type Path = (string | number)[];
const pathsIn = (value: unknown): Path[] =>
  typeof value !== 'object' || value === null
    ? [[]]
    : [[], ...Object.entries(value).flatMap(([key, member]) => pathsIn(member).map(path => [key, ...path]))];

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

/** As somebody would make it who knows how the digest is made. */
function redigested(plan: unknown): unknown {
  try {
    const { integrity: _, ...rest } = { ...(plan as Plan), digest: planDigest(plan as Plan), integrity: '' };
    return { ...rest, integrity: planChecksum(rest) };
  } catch {
    return plan;
  }
}

describe('a plan from a file', () => {
  test('of a Windows host is refused on another, and the other way round', async () => {
    const windows = testWorld();
    windows.host.platform = 'win32';
    const there = await saved(windows);
    expect(there.read().platform).toBe('win32');
    await expect(recheck(there.read(), there.run(testWorld()))).rejects.toThrow(
      'the plan was made for a Windows host, and this is none',
    );
    const here = await saved();
    expect(here.read()).not.toHaveProperty('platform');
    await expect(recheck(here.read(), here.run(windows))).rejects.toThrow(
      'the plan was made for no Windows host, and this is one',
    );
  });

  test('is applied when nothing moved, and observes only what it touches', async () => {
    const { all, read, run } = await saved();
    const fresh = run();
    await recheck(read(), fresh);
    expect(all.log).toEqual(['observe a,b']);
    const report = await apply(read(), fresh);
    expect(report.results.map(r => r.result)).toEqual(['changed', 'changed', 'unchanged']);
    expect(all.objects.get('b')).toEqual({ size: 1 });
  });

  test('is refused when what it touches has moved, with a name for each; the rest may move', async () => {
    const { all, read, run } = await saved();
    all.objects.set('a', { size: 5 }).set('b', { size: 9 }).set('same', { size: 9 });
    await expect(recheck(read(), run())).rejects.toMatchObject({
      diagnostics: [
        { code: 'stale-plan', category: 'blocked', address: 'thing:a' },
        { code: 'stale-plan', category: 'blocked', address: 'thing:b' },
      ],
    });
  });

  test('is refused by another target, before anything there is observed', async () => {
    const { all, read, run } = await saved({ ...testWorld(), identify: async () => 'lab' });
    const other = run({ ...testWorld(), identify: async () => 'account 1' });
    await expect(recheck(read(), other)).rejects.toMatchObject({
      diagnostics: [
        { code: 'target-moved', message: 'the target `dr` is now account 1; the plan was made for lab' },
      ],
    });
    expect(all.log).toEqual([]);
  });

  test('is refused by another version of a type', async () => {
    const { all, read, run } = await saved();
    all.type.version = 2;
    await expect(recheck(read(), run())).rejects.toMatchObject({
      diagnostics: [{ code: 'type-moved', category: 'blocked' }],
    });
  });

  test('is refused when it was edited, cut off, or made by a newer converge', async () => {
    const { read } = await saved();
    const text = planJson(read());
    const code = (of: string) => {
      try {
        parsePlan(of, 'plan.json');
      } catch (error) {
        return (error as { diagnostics: { code: string }[] }).diagnostics[0]!.code;
      }
      return undefined;
    };
    expect(code(text)).toBeUndefined();
    expect(code(text.replace('"size": 1', '"size": 2'))).toBe('plan-damaged');
    expect(code(text.slice(0, -20))).toBe('plan-damaged');
    expect(code('{"converge_plan":1}')).toBe('plan-damaged');
    expect(code(`{"converge_plan":1,"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe(
      'plan-damaged',
    );
    expect(code(text.replace('"converge_plan": 1', '"converge_plan": 2'))).toBe('plan-version');
  });

  test('of any other shape is one clear error, wherever it is wrong and whatever its digest says', async () => {
    const { read, run } = await saved();
    const whole = { ...read(), diagnostics: [{ message: 'x' }] };
    const wrong = [null, 7, 'x', [], {}, [null], { x: null }];
    let refused = 0;
    for (const path of pathsIn(whole)) {
      for (const value of wrong) {
        const text = JSON.stringify(redigested(replaced(whole, path, value)));
        try {
          const plan = parsePlan(text, 'plan.json');
          renderText(plan);
          await recheck(plan, run());
        } catch (error) {
          refused++;
          expect(error, `${path.join('/')} = ${JSON.stringify(value)}`).toBeInstanceOf(Failure);
        }
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  test('is refused when resources come before what they depend on, or twice', async () => {
    const plan = (await saved()).read();
    const [a, b, same] = plan.resources as [PlannedResource, PlannedResource, PlannedResource];
    const refused = (resources: PlannedResource[]) => () =>
      parsePlan(JSON.stringify(redigested({ ...plan, resources })), 'plan.json');
    expect(
      refused([
        { ...a, dependsOn: [b.address] },
        { ...b, dependsOn: [a.address] },
      ]),
    ).toThrow('incomplete');
    expect(refused([a, { ...b, dependsOn: ['thing:none'] }])).toThrow('incomplete');
    expect(refused([a, b, a])).toThrow('incomplete');
    expect(refused([a, same])).not.toThrow();
  });

  test('brings no diagnostics of its own', async () => {
    const plan = { ...(await saved()).read(), diagnostics: [worldSays('x', 'said by who edited it')] };
    expect(parsePlan(planJson(plan), 'plan.json').diagnostics).toEqual([]);
  });
});

describe('B10: which object it is', () => {
  test('another one of the same name and state is refused, also when what is managed of it is absent', async () => {
    for (const seen of [{ state: 'absent' }, { state: 'present', value: { size: 0 } }] as const) {
      let object = 'first';
      const all = things();
      all.onObserve = () => ({ ...seen, object });
      const catalog = catalogOf([declare('thing:a', { size: 1 })]);
      const made = await plan(catalog, testRun([all.type]), { engine: '1' });
      expect(made.resources[0]!.object).toBe('first');
      await recheck(made, testRun([all.type]));
      object = 'second';
      await expect(recheck(made, testRun([all.type]))).rejects.toThrow(
        '`thing:a` is another object than when the plan was made: it is second now, and was first',
      );
      const again = await plan(catalog, testRun([all.type]), { engine: '1' });
      expect(again.digest).toBe(made.digest);
    }
  });

  test('a plan of one lab is for that lab', async () => {
    const one = testWorld({ lab: true, labId: 'one' });
    const { read, run } = await saved(one);
    await recheck(read(), run());
    const other = testWorld({ lab: true, labId: 'other' });
    await expect(recheck(read(), run(other))).rejects.toThrow('made in another lab');
  });

  test('what was in sync and was edited since is not put on the run', async () => {
    const { all, read, run } = await saved();
    all.objects.set('same', { size: 7 });
    const here = run();
    await recheck(read(), here);
    const report = await apply(read(), here);
    expect(report.proof!.pending).toEqual(['thing:same']);
    const message = report.diagnostics.find(({ address }) => address === 'thing:same')!.message;
    expect(message).toContain('this run or somebody else changed it since');
  });
});
