import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import { isPending } from '../../src/engine/model/plan.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, refs, testRun, things } from '../support/engine-world.ts';

const size = 10;
const pair = fc.tuple(fc.nat(size - 1), fc.nat(size - 1));

/**
 * Resources in three realms, one of which makes another stale. `edges`: who requires whom; `effects`: what
 * else a change of one breaks, each as often as told, among those that it may be known to break.
 */
const worlds = fc.record({
  edges: fc.array(pair, { minLength: 4, maxLength: 20 }),
  effects: fc.array(fc.record({ pair, times: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 8,
    maxLength: 24,
  }),
  realms: fc.array(fc.nat(2), { minLength: size, maxLength: size }),
  there: fc.uniqueArray(fc.nat(size - 1), { minLength: 3, maxLength: size }),
  notifies: fc.boolean(),
  policy: fc.option(fc.integer({ min: 4, max: size })),
});

const realmNames = ['north', 'south', 'east'];

test('in any graph with side effects: after apply says that it converged, a plan is empty', async () => {
  let proved = 0;
  let mended = 0;
  let caught = 0;
  await fc.assert(
    fc.asyncProperty(worlds, async ({ edges, effects, realms, there, notifies, policy }) => {
      const types = realmNames.map((name, i) =>
        things({ name, realm: { name, concurrency: 2, ...(i === 0 && { alsoDirties: ['south'] }) } }),
      );
      const requires = new Map<number, Set<number>>();
      for (const [a, b] of edges)
        if (a !== b)
          requires.set(Math.max(a, b), (requires.get(Math.max(a, b)) ?? new Set()).add(Math.min(a, b)));
      const dependsOn = (a: number, b: number): boolean =>
        [...(requires.get(a) ?? [])].some(to => to === b || dependsOn(to, b));
      const mayBreak = (by: number, what: number) =>
        by !== what &&
        (dependsOn(what, by) || realms[by] === realms[what] || (realms[by] === 0 && realms[what] === 1));
      const left = effects.filter(({ pair: [by, what] }) => mayBreak(by, what)).map(one => ({ ...one }));
      const objectsOf = (i: number) => types[realms[i]!]!.objects;
      const address = (i: number) => `${realmNames[realms[i]!]}:r${i}`;
      for (const i of there) objectsOf(i).set(`r${i}`, { size: i });
      const disturb = (id: string) => {
        for (const effect of left) {
          const [by, what] = effect.pair;
          if (`r${by}` !== id || effect.times-- <= 0) continue;
          objectsOf(what).set(`r${what}`, { size: 1000 + effect.times });
        }
      };
      for (const all of types) {
        const { apply: original, refresh } = all.type;
        all.type.apply = async (steps, io) => {
          await new Promise(resolve => setImmediate(resolve));
          const outcomes = await original(steps, io);
          for (const { id } of steps) disturb(id);
          return outcomes;
        };
        all.type.refresh = async (asked, io) => {
          disturb(asked.id);
          return refresh!(asked, io);
        };
      }
      const resources = (): CatalogResource[] =>
        Array.from({ length: size }, (_, i) => {
          const to = refs(...[...(requires.get(i) ?? [])].map(address));
          return declare(
            address(i),
            { size: i },
            notifies && i % 3 === 0 ? { subscribe: to } : { require: to },
          );
        });
      const catalog = () => ({
        ...catalogOf(resources()),
        ...(policy !== null && { policy: { max_changes: policy } }),
      });
      const run = testRun(types.map(({ type }) => type));
      const planned = await plan(catalog(), run, { engine: '1' });
      if (policy !== null && planned.resources.filter(isPending).length > policy) return;
      const report = await apply(planned, run);
      const isWhole = report.results.every(
        ({ result }) => !['blocked', 'skipped', 'failed'].includes(result),
      );
      mended += report.results.filter(({ note }) => note?.startsWith('in sync until')).length;
      if (report.proof && !report.proof.empty) caught++;
      if (!isWhole || !(report.proof?.empty ?? true)) return;
      proved++;
      const second = await plan(catalog(), testRun(types.map(({ type }) => type)), { engine: '1' });
      expect(second.resources.filter(isPending).map(one => one.address)).toEqual([]);
    }),
    { numRuns: 300 },
  );
  // Else it would have shown nothing.
  expect(Math.min(proved, mended, caught)).toBeGreaterThan(10);
});
