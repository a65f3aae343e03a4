import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, refs, testRun, things } from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const size = 12;
/** Which of a dozen resources require which earlier one, which fail, and which are there already. */
const situations = fc.record({
  edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 24 }),
  failing: fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }),
  there: fc.uniqueArray(fc.nat(size - 1), { maxLength: 6 }),
  writers: fc.constantFrom(1, 2, 8),
});

test('in any graph: order kept, exactly the dependants of failures skipped, everything else made and proved', async () => {
  await fc.assert(
    fc.asyncProperty(situations, async ({ edges, failing, there, writers }) => {
      const all = things({ realm: { name: 'things', concurrency: writers } });
      const needs = new Map<number, number[]>();
      for (const [a, b] of edges) {
        if (a !== b) needs.set(Math.max(a, b), [...(needs.get(Math.max(a, b)) ?? []), Math.min(a, b)]);
      }
      for (const i of there) all.objects.set(`t${i}`, { size: i });
      const resources = Array.from({ length: size }, (_, i) =>
        declare(
          `thing:t${i}`,
          { size: i },
          { require: refs(...(needs.get(i) ?? []).map(n => `thing:t${n}`)) },
        ),
      );
      const broken = new Set<number>();
      for (let i = 0; i < size; i++) {
        const fails = failing.includes(i) && !there.includes(i);
        if (fails || (needs.get(i) ?? []).some(n => broken.has(n))) broken.add(i);
      }
      all.onApply = async id => {
        await new Promise(resolve => setImmediate(resolve));
        const i = Number(id.slice(1));
        for (const n of needs.get(i) ?? []) expect(all.objects.has(`t${n}`), `t${n} before t${i}`).toBe(true);
        if (!failing.includes(i)) return undefined;
        return { ok: false, diagnostic: worldSays('no', 'no'), retry: 'never', undone: true };
      };
      const run = testRun([all.type]);
      const report = await apply(await plan(catalogOf(resources), run, { engine: '1' }), run);
      expect(report.results).toHaveLength(size);
      for (const { address, result } of report.results) {
        const i = Number(address.slice('thing:t'.length));
        const isBroken = broken.has(i);
        const failed = failing.includes(i) && !(needs.get(i) ?? []).some(n => broken.has(n));
        const expected = isBroken
          ? failed
            ? 'failed'
            : 'skipped'
          : there.includes(i)
            ? 'unchanged'
            : 'changed';
        expect([address, result]).toEqual([address, expected]);
      }
      if (report.proof) expect(report.proof.empty).toBe(true);
    }),
    { numRuns: 60 },
  );
});
