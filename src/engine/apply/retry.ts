import type { Outcome } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';

/** For resources that don't say: twice more, the first time after a second. */
const usual = { attempts: 2, wait: 1000 };

/**
 * Whether to try again what came out so at the try number `attempt` (from 1): the type or the manifest has to say so.
 * Never when somebody else was first: what would be done then is not what was shown.
 */
export const triesLeft = ({ declared: { meta } }: Subject, outcome: Outcome, attempt: number): boolean => {
  if (outcome.ok || outcome.diagnostic.code === 'changed-meanwhile') return false;
  if (attempt > (meta.retry ?? usual).attempts) return false;
  return outcome.retry === 'safe' || (outcome.retry === 'asked' && meta.retry !== undefined);
};

/** Milliseconds, doubling with each try. */
export const waitBefore =
  (attempt: number) =>
  ({ declared }: Subject): number =>
    (declared.meta.retry?.wait ?? usual.wait) * 2 ** (attempt - 1);
