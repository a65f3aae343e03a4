import { blocked, type Diagnostic, Failure, isDiagnostic, together } from '../../diagnostics/diagnostic.ts';
import type { Outcome } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';
import { typeBug } from '../model/type-bug.ts';
import { diagnosticsOf } from '../observe/observe.ts';

/** Why a step ended early when its signal aborted; `what` says what became of it, for the user. */
export const interrupted = (what: string): Diagnostic => blocked('interrupted', what);

/** What a call that threw comes to. A type's own bug, or a call that was given up, isn't tried again. */
export function failedCall(error: unknown, subject: Subject): Outcome & { ok: false } {
  const mayTry = error instanceof Failure && !error.has('given-up');
  const diagnostic = together(diagnosticsOf(error, subject));
  return { ok: false, diagnostic, retry: mayTry ? 'asked' : 'never', undone: false };
}

/**
 * What a type answered for one step, or that it is faulty when that is not an outcome. A step that failed
 * because it was stopped for being `late` failed for that.
 */
export function soundOutcome(
  outcome: Outcome | undefined,
  { type, id }: Subject,
  late?: Diagnostic,
): Outcome {
  if (outcome && isOutcome(outcome))
    return outcome.ok || late === undefined ? outcome : { ...outcome, diagnostic: late };
  const what = outcome ? `its answer for ${id} is not valid` : `it didn't answer for ${id}`;
  return { ok: false, diagnostic: typeBug(type, what), retry: 'never', undone: false };
}

const isOutcome = (outcome: Outcome): boolean =>
  outcome.ok === true
    ? ['string', 'undefined'].includes(typeof outcome.note) &&
      Object.values(outcome.numbers ?? {}).every(Number.isFinite)
    : outcome.ok === false && isDiagnostic(outcome.diagnostic);
