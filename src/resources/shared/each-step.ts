import type { Id, Outcome, Step } from '../../engine/model/resource-type.ts';
import { oneDiagnostic } from './one-diagnostic.ts';

/** Nobody but a person changes these. */
const hopeless = new Set([
  'access-denied',
  'not-elevated',
  'iis-section-locked',
  'iis-unknown-name',
  'iis-shared-configuration',
  'iis-module-missing',
]);

/** Does steps one after the other, each with its own outcome. */
export async function oneByOne<P, C>(
  steps: Step<P, C>[],
  change: (step: Step<P, C>) => Promise<Outcome>,
): Promise<Map<Id, Outcome>> {
  const outcomes = new Map<Id, Outcome>();
  for (const step of steps) outcomes.set(step.id, await change(step));
  return outcomes;
}

/** The same for what throws when it fails: one that fails says so and leaves the others alone. */
export const eachStep = <P, C>(
  steps: Step<P, C>[],
  act: (step: Step<P, C>) => Promise<void>,
): Promise<Map<Id, Outcome>> =>
  oneByOne(steps, async step => {
    try {
      await act(step);
      return { ok: true };
    } catch (error) {
      step.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      const retry = hopeless.has(diagnostic.code) ? 'never' : 'safe';
      return { ok: false, diagnostic, retry, undone: false };
    }
  });

/** Whether a step has to set what `pointer` names: all of a new object, what differs of one that is there. */
export const isChanged = <P, C>(step: Exclude<Step<P, C>, { kind: 'delete' }>, pointer: string): boolean =>
  step.kind === 'create' ||
  step.fields.some(({ path }) => path === pointer || path.startsWith(`${pointer}/`));
