import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';

/**
 * A Failure as the one diagnostic that an observation or an outcome has room for: the first, with the
 * sentences of the others behind its own. Anything else is thrown on: it is a bug, or a cancelled run.
 */
export function oneDiagnostic(error: unknown): Diagnostic {
  if (!(error instanceof Failure)) throw error;
  const [first, ...rest] = error.diagnostics;
  if (first === undefined) throw error;
  return { ...first, message: [first, ...rest].map(({ message }) => message).join('; ') };
}
