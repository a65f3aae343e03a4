import { isMyTurn, type Rollout } from './rollout.ts';

export interface Situation {
  instance: string;
  /**
   * What stands for the content in the bucket now: SHA-256 of the signature file. Undefined: there is none.
   */
  offered: string | undefined;
  /** The same of what was applied last. */
  applied: string | undefined;
  rollout: Rollout | undefined;
  /** The last rollout that it did its part of. */
  rolloutDone: string | undefined;
  /** New content waits for a rollout, always. */
  onlyRollouts: boolean;
}

/**
 * Whether an agent is to apply, and why. New content that nobody rolls out is taken as it comes; while a
 * rollout goes on, and after one was halted, it waits for its turn: else one bad change would meet the whole
 * fleet.
 */
export function turnFor({
  instance,
  offered,
  applied,
  rollout,
  rolloutDone,
  onlyRollouts,
}: Situation): { rollout: string } | 'new-content' | undefined {
  if (rollout && isMyTurn(rollout, instance, rolloutDone)) return { rollout: rollout.id };
  const held = onlyRollouts || (rollout !== undefined && rollout.state !== 'done');
  return held || offered === undefined || offered === applied ? undefined : 'new-content';
}
