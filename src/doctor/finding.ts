import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/**
 * `ok`; `left out`: it couldn't be looked at, or only by changing something; `warning`: it works, and
 * somebody should know; `problem`: points can't be made or kept as they are declared.
 */
export type Verdict = 'ok' | 'left out' | 'warning' | 'problem';

/** What was found of one thing. Plain data; `converge doctor --format json` prints it as it is. */
export type Finding = Found &
  (
    | { verdict: 'ok'; way_out?: never }
    /** What to do about it, as an instruction. */
    | { verdict: Exclude<Verdict, 'ok'>; way_out: string }
  );

interface Found {
  /** The target, VM or repository: `vsphere:home`, `protected_vm:dc02`, a repository's URL. */
  of: string;
  /** What of it: `privileges`, `snapshots`. */
  what: string;
  /** What was found. */
  why: string;
  /** Where that was looked at: the call of an API, or the program that was run. */
  looked: string;
}

/** What a look at one thing came to, before it is judged. */
export type Answer<T> = { value: T } | { failed: readonly Diagnostic[] };

/** One thing that is looked at. */
export type Subject = Omit<Found, 'why'>;

export const ok = (about: Subject, why: string): Finding => ({ ...about, verdict: 'ok', why });

export const leftOut = (about: Subject, why: string, wayOut: string): Finding => ({
  ...{ ...about, verdict: 'left out', why, way_out: wayOut },
});

export const warn = (about: Subject, why: string, wayOut: string): Finding => ({
  ...{ ...about, verdict: 'warning', why, way_out: wayOut },
});

export const problem = (about: Subject, why: string, wayOut: string): Finding => ({
  ...{ ...about, verdict: 'problem', why, way_out: wayOut },
});

/** What to do about a mistake; not each of them names it. */
export const wayOutOf = ({ hint }: { hint?: string | undefined }): string =>
  hint ?? 'mend what it says, then look again with `converge doctor`';

/** A finding for each diagnostic, by its severity; when there are none, that it is `fine`. */
export const findingsOf = (
  about: Subject,
  diagnostics: readonly Diagnostic[],
  fine: string | undefined,
): Finding[] =>
  diagnostics.length > 0
    ? diagnostics.map(one => (one.severity === 'warning' ? warn : problem)(about, one.message, wayOutOf(one)))
    : fine === undefined
      ? []
      : [ok(about, fine)];

/** Whether anything keeps points from being made or kept. */
export const isSick = (findings: readonly Finding[]): boolean =>
  findings.some(({ verdict }) => verdict === 'problem');
