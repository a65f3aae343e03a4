import { type Diagnostic, Failure, together } from '../../diagnostics/diagnostic.ts';

/**
 * A Failure as the one diagnostic that an observation or an outcome has room for, which holds all of its
 * mistakes. Anything else is thrown on: it is a bug, or a cancelled run.
 */
export function oneDiagnostic(error: unknown): Diagnostic {
  if (!(error instanceof Failure) || error.diagnostics.length === 0) throw error;
  return together(error.diagnostics);
}
