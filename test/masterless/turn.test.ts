import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Situation, turnFor } from '../../src/masterless/rollout/whose-turn.ts';

const quiet: Situation = {
  instance: 'i-1',
  offered: 'new',
  applied: 'old',
  rollout: undefined,
  rolloutDone: undefined,
  onlyRollouts: false,
};
const rollout = (state: 'running' | 'halted' | 'done', ...instances: string[]) =>
  ({ converge_rollout: 1, id: 'r1', environment: 'e', started: '', state, instances }) as const;

test.each<[string, Partial<Situation>, ReturnType<typeof turnFor>]>([
  ['new content, no rollout', {}, 'new-content'],
  ['what was applied already', { applied: 'new' }, undefined],
  ['nothing offered', { offered: undefined }, undefined],
  ['never applied anything', { applied: undefined }, 'new-content'],
  ['told to wait for rollouts', { onlyRollouts: true }, undefined],
  ['its turn', { rollout: { ...rollout('running', 'i-1'), instances: ['i-1'] } }, { rollout: 'r1' }],
  [
    'its turn, though nothing is new',
    { applied: 'new', rollout: { ...rollout('running'), instances: ['i-1'] } },
    { rollout: 'r1' },
  ],
  [
    'it did its part',
    { rollout: { ...rollout('running'), instances: ['i-1'] }, rolloutDone: 'r1' },
    undefined,
  ],
  ['the turn of others', { rollout: { ...rollout('running'), instances: ['i-2'] } }, undefined],
  ['a halted rollout', { rollout: { ...rollout('halted'), instances: ['i-1'] } }, undefined],
  ['a rollout that is done', { rollout: { ...rollout('done'), instances: ['i-1'] } }, 'new-content'],
])('%s', (_, changed, expected) => {
  expect(turnFor({ ...quiet, ...changed })).toEqual(expected);
});

test('whoever is not named never begins while a rollout is not done', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('running' as const, 'halted' as const),
      fc.array(fc.constantFrom('i-2', 'i-3')),
      fc.option(fc.constantFrom('old', 'new'), { nil: undefined }),
      (state, instances, applied) => {
        const turn = turnFor({ ...quiet, applied, rollout: { ...rollout(state), instances } });
        expect(turn).toBeUndefined();
      },
    ),
  );
});
