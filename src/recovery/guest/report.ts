import { printable } from '../../diagnostics/text-width.ts';
import { sha256 } from '../../values/digest.ts';

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

const mark = 'converge:post-launch';
const mostFailures = 5;
const widestFailure = 160;
/** Longest line, characters: a failure may be escaped sixfold. */
const longest = 8 * 1024;
const mostChanges = 1_000_000;

/**
 * A report as a line of a serial console: `converge:post-launch NONCE SUM JSON`. Consoles carry ASCII, and
 * the kernel writes in the middle of whatever is being written; the sum tells such a line.
 */
export function reportLine(nonce: string, report: GuestReport): string {
  const failures = report.failures
    .slice(0, mostFailures)
    .map(text => printable(text).slice(0, widestFailure).toWellFormed());
  const json = JSON.stringify({ ...report, failures }).replace(
    /[^\x20-\x7e]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${mark} ${nonce} ${sumOf(nonce, json)} ${json}`;
}

const sumOf = (nonce: string, json: string): string => sha256(`${nonce} ${json}`).slice(0, 16);

const line = /converge:post-launch ([0-9a-f]{32}) ([0-9a-f]{16}) (\{[\x20-\x7e]*\})/;

/**
 * The last report in the text of a console that carries this nonce and is whole. The text is a guest's, and
 * may be anything: what doesn't fit is passed over.
 */
export function reportIn(output: string, nonce: string): GuestReport | undefined {
  for (const text of output.split(/[\r\n]+/).reverse()) {
    if (text.length > longest) continue;
    const [, of, sum, json] = line.exec(text) ?? [];
    if (of === undefined || json === undefined || sum !== sumOf(of, json)) continue;
    if (of !== nonce) continue;
    const report = decoded(json);
    if (report) return report;
  }
  return undefined;
}

function decoded(json: string): GuestReport | undefined {
  let value: Partial<Record<keyof GuestReport, unknown>> | null;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { state, digest, changes, failures } = value ?? {};
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
