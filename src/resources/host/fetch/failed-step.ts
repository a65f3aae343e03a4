import { isPassing } from '../../../content/http-failures.ts';
import type { Outcome } from '../../../engine/model/resource-type.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';

/** A step that fetched something failed; what was there before still is, so it may be tried again. */
export const failedFetch = (error: unknown, signal: AbortSignal): Outcome & { ok: false } => {
  signal.throwIfAborted();
  return {
    ok: false,
    diagnostic: oneDiagnostic(error),
    retry: isPassing(error) ? 'safe' : 'asked',
    undone: true,
  };
};
