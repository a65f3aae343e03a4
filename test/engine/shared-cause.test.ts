import { expect, test } from 'vitest';
import { apply } from '../../src/engine/apply/apply.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, testRun, things } from '../support/engine-world.ts';
import { world } from '../support/made-up.ts';

/** Things of which none can be observed, each for the cause that `causes` names. */
function broken(causes: Record<string, string>) {
  const all = things();
  all.type.observe = async asked =>
    new Map(
      asked.map(({ id }) => [
        id,
        { state: 'failed', diagnostic: { ...world('no', `no ${id}`), cause: causes[id]! } },
      ]),
    );
  return testRun([all.type]);
}

const onA = { address: 'thing:a', at: { file: 'm.yaml', line: 1, column: 1 } };

test('B17: what fails for the cause of what it depends on is told once, as waiting for it', async () => {
  const run = broken({ a: 'one', b: 'one', c: 'other' });
  const made = await plan(
    catalogOf([
      declare('thing:a'),
      declare('thing:b', {}, { require: [onA] }),
      declare('thing:c', {}, { require: [onA] }),
    ]),
    run,
    { engine: '1' },
  );
  expect(made.diagnostics.map(({ message }) => message).sort()).toEqual(['no a', 'no c']);
  const reasons = Object.fromEntries(made.resources.map(({ title, reason }) => [title, reason]));
  expect(reasons.b).toBe('waits for thing:a, which could not be observed');
  expect(reasons.c).not.toMatch(/waits for/);
  const { results } = await apply(made, run);
  expect(Object.fromEntries(results.map(({ address, result }) => [address, result]))).toEqual({
    'thing:a': 'failed',
    'thing:b': 'skipped',
    'thing:c': 'failed',
  });
});
