import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/**
 * `ok`; `left out`: it couldn't be looked at, or only by changing something; `warning`: it works, and
 * somebody should know; `problem`: points can't be made or kept as they are declared.
 */
export type Verdict = 'ok' | 'left out' | 'warning' | 'problem';

/** What was found of one thing. Plain data; `converge doctor --format json` prints it as it is. */
export interface Finding {
  /** The target, VM or repository: `vsphere:home`, `protected_vm:dc02`, a repository's URL. */
  of: string;
  /** What of it: `privileges`, `snapshots`. */
  what: string;
  verdict: Verdict;
  /** What was found. */
  why: string;
  /** Where that was looked at: the call of an API, or the program that was run. */
  looked: string;
  /** What to do about it, as an instruction. */
  way_out?: string;
}

/** What a look at one thing came to, before it is judged. */
export type Answer<T> = { value: T } | { failed: readonly Diagnostic[] };

/** One thing that is looked at. */
export type Subject = Pick<Finding, 'of' | 'what' | 'looked'>;

export const ok = (about: Subject, why: string): Finding => ({ ...about, verdict: 'ok', why });

export const leftOut = (about: Subject, why: string, wayOut?: string): Finding => ({
  ...about,
  verdict: 'left out',
  why,
  ...(wayOut !== undefined && { way_out: wayOut }),
});

export const warn = (about: Subject, why: string, wayOut: string): Finding => ({
  ...{ ...about, verdict: 'warning', why, way_out: wayOut },
});

export const problem = (about: Subject, why: string, wayOut: string): Finding => ({
  ...{ ...about, verdict: 'problem', why, way_out: wayOut },
});

/** A finding for each diagnostic, by its severity; when there are none, that it is `fine`. */
export const findingsOf = (
  about: Subject,
  diagnostics: readonly Diagnostic[],
  fine: string | undefined,
): Finding[] =>
  diagnostics.length > 0
    ? diagnostics.map(({ severity, message, hint }) => ({
        ...about,
        verdict: severity === 'warning' ? 'warning' : 'problem',
        why: message,
        ...(hint !== undefined && { way_out: hint }),
      }))
    : fine === undefined
      ? []
      : [ok(about, fine)];

/** Whether anything keeps points from being made or kept. */
export const isSick = (findings: readonly Finding[]): boolean =>
  findings.some(({ verdict }) => verdict === 'problem');
