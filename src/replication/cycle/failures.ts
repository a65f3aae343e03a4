import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';

/** Whether `error`, or what caused it, is an instance of `kind`. */
export const causedBy = (error: unknown, kind: abstract new (...args: never[]) => Error): boolean =>
  error instanceof kind || (error instanceof Error && causedBy(error.cause, kind));

/** The diagnostics of a Failure; for anything else one that carries its message under `code`. */
export const diagnosticsOf = (error: unknown, code: Code): Diagnostic[] =>
  error instanceof Failure
    ? error.diagnostics
    : [world(code, error instanceof Error ? error.message : String(error))];

/** `warning` with the text of a diagnostic. */
export const warning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });
