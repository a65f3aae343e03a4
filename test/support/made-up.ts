import * as diagnostic from '../../src/diagnostics/diagnostic.ts';

/** As converge's own, with codes that are made up for a test or are in those of a user's type. */
type Make = (
  code: string,
  message: string,
  details?: Partial<diagnostic.Diagnostic>,
) => diagnostic.Diagnostic;

export const given = diagnostic.given as Make;
export const world = diagnostic.world as Make;
export const blocked = diagnostic.blocked as Make;
