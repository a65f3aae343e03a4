import type { Outcome } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';

// A change is not tried again by a loop around its call: it goes back to the run, which waits for all that
// failed in one wave, observes anew, and decides what is still to do. What is here says only whether and
// when.

/** For resources that don't say: twice more, the first time after a second. */
const usual = { attempts: 2, wait: 1000 };

/** How often this one is called at most, the first time included, and its pauses in ms. */
export const policyOf = ({ declared: { meta } }: Subject): { attempts: number; first: number } => {
  const { attempts, wait = usual.wait } = meta.retry ?? usual;
  return { attempts: attempts + 1, first: wait };
};

/**
 * Whether what came out so is worth another try: the type or the manifest has to say so. Never when somebody
 * else was first: what would be done then is not what was shown.
 */
export const mayPass = ({ declared: { meta } }: Subject, outcome: Outcome): boolean => {
  if (outcome.ok || outcome.diagnostic.code === 'changed-meanwhile') return false;
  return outcome.retry === 'safe' || (outcome.retry === 'asked' && meta.retry !== undefined);
};

/** The same at the try number `attempt`, from 1. */
export const triesLeft = (subject: Subject, outcome: Outcome, attempt: number): boolean =>
  mayPass(subject, outcome) && attempt < policyOf(subject).attempts;

/** Milliseconds, doubling with each try. */
export const waitBefore =
  (attempt: number) =>
  (subject: Subject): number =>
    policyOf(subject).first * 2 ** (attempt - 1);
