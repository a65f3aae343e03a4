import type { BumpEvent } from '../../masterless/rollout/bump.ts';

/** What came of a rollout. */
export interface BumpOutcome {
  version: 1;
  environment: string;
  rollout: string;
  state: 'done' | 'halted';
  /** Why it was halted. */
  why?: 'failures' | 'interrupted';
  converged: number;
  failed: { instance: string; why: string }[];
  underway: string[];
  untouched: string[];
}

export function outcomeOf(environment: string, rollout: string, events: readonly BumpEvent[]): BumpOutcome {
  const settled = events.filter(event => event.type === 'instance');
  const halted = events.find(event => event.type === 'halted');
  return {
    version: 1,
    environment,
    rollout,
    state: halted ? 'halted' : 'done',
    ...(halted && { why: halted.why }),
    converged: settled.filter(({ ok }) => ok).length,
    failed: settled.flatMap(event => (event.ok ? [] : [{ instance: event.instance, why: event.why }])),
    underway: halted?.underway ?? [],
    untouched: halted?.untouched ?? [],
  };
}
