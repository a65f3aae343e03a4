import type { LockPolicy } from '../model/object-lock.ts';
import type { Aged, Decision } from './decide.ts';
import { type Retention, RULES } from './policy.ts';

/** Whatever counts for a rule stays as long as that says; what stays for another reason has no end. */
function keptUntil<P extends Aged>(decision: Decision<P>, policy: Retention | undefined): number {
  if (!decision.keep) return 0;
  const { point, why } = decision;
  return Math.max(
    ...why.map(reason => {
      const rule = RULES.find(one => one === reason);
      const span = rule && policy?.[rule];
      return span === undefined ? Number.POSITIVE_INFINITY : point.at + span;
    }),
  );
}

/**
 * Until when what a point needs is to be locked, ms since the epoch: as far ahead as locks reach, and never
 * past the end that retention sets. 0: it isn't to be locked any more.
 */
export const promisedUntil = <P extends Aged>(
  decision: Decision<P>,
  policy: Retention | undefined,
  lock: LockPolicy,
  now: number,
): number => Math.min(keptUntil(decision, policy), now + lock.for);

/** Locks are lengthened once a quarter of their span is over: often enough, and a few times a month. */
const STEPS = 4;
export const lockStep = (lock: LockPolicy): number => lock.for / STEPS;

/** Whether a lock ends too early. Until it does it isn't touched, so that each costs a request rarely. */
export const isShort = (
  until: number | undefined,
  promised: number,
  lock: LockPolicy,
  now: number,
): boolean => (until ?? 0) < Math.min(promised, now + lock.for - lockStep(lock));
