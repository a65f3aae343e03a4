import { printable } from '../../diagnostics/text-width.ts';
import { markedIn, markedLine } from '../../values/marked-lines.ts';

/** What a recovered machine says about itself. */
export interface GuestReport {
  state: 'begun' | 'converged' | 'planned' | 'failed' | 'other-manifests';
  /** SHA-256 of the manifests that it found; empty where it could not read any. */
  digest: string;
  /** Changes that were made; of `planned`, that would be. */
  changes: number;
  /** The first few, each cut off. */
  failures: string[];
}

const states: readonly GuestReport['state'][] = [
  'begun',
  'converged',
  'planned',
  'failed',
  'other-manifests',
];

/** Begins each line of it. */
const MARK = 'converge:post-launch';
const mostFailures = 5;
const widestFailure = 160;
const mostChanges = 1_000_000;

/**
 * A report as a line of a serial console: `converge:post-launch NONCE SUM JSON`. Consoles carry ASCII, and
 * the kernel writes in the middle of whatever is being written; the sum tells such a line.
 */
export function reportLine(nonce: string, report: GuestReport): string {
  const failures = report.failures
    .slice(0, mostFailures)
    .map(text => printable(text).slice(0, widestFailure).toWellFormed());
  return markedLine(MARK, nonce, { ...report, failures });
}

/**
 * The last report in the text of a console that carries this nonce and is whole. The text is a guest's, and
 * may be anything: what doesn't fit is passed over.
 */
export const reportIn = (output: string, nonce: string): GuestReport | undefined =>
  markedIn(output, MARK, nonce)
    .map(decoded)
    .findLast(report => report !== undefined);

function decoded(value: unknown): GuestReport | undefined {
  const { state, digest, changes, failures } = (value ?? {}) as Partial<Record<keyof GuestReport, unknown>>;
  if (!states.some(known => known === state)) return undefined;
  if (typeof digest !== 'string' || !/^([0-9a-f]{64})?$/.test(digest)) return undefined;
  if (!Number.isInteger(changes) || (changes as number) < 0 || (changes as number) > mostChanges)
    return undefined;
  if (!Array.isArray(failures) || failures.length > mostFailures) return undefined;
  if (failures.some(one => typeof one !== 'string' || one.length > widestFailure)) return undefined;
  return {
    state: state as GuestReport['state'],
    digest,
    changes: changes as number,
    failures: failures.map(one => printable(String(one))),
  };
}
