import { blocked, type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { sha256 } from '../../values/digest.ts';
import { compareVersions } from '../../values/version.ts';
import type { Statement } from '../trust/envelope.ts';

/** What an instance remembers of the content it took. */
export interface Seen {
  /** The highest sequence that it ever accepted, or that a rollback it accepted replaces. */
  highest: number;
  /** SHA-256 of the signature file in force: the same one may always be taken again. */
  inForce: string;
  /** When the youngest accepted one was issued, RFC 3339: a rollback to something else must be younger. */
  issued: string;
}

export interface Asking {
  /** What this instance is part of. */
  environment: string;
  /**
   * Milliseconds since the epoch, and never before the last run, whatever the clock says: see `notBefore`.
   */
  now: number;
  /** What the clock says, where that is earlier. */
  clock?: number | undefined;
  /** Told about a verified statement that is no longer valid. */
  onExpired?(statement: Statement): unknown;
  /** Of converge here. */
  version: string;
  seen?: Seen | undefined;
}

/** How far the clocks of signer and instance may differ, ms. */
const clockSkew = 5 * 60_000;

/**
 * Whether an instance may take what a verified statement stands for; the reason why not otherwise.
 * @param signature SHA-256 of the signature file, hex
 */
export function refusal(statement: Statement, signature: string, asking: Asking): Diagnostic | undefined {
  const { environment, now, version, seen } = asking;
  const what = `what ${signatureName(environment)} signs`;
  if (statement.environment !== environment) {
    return world(
      'signed-for-another',
      `${what} is for ${statement.environment}, and this is ${environment}`,
      {
        hint: `sign it with --environment ${environment}`,
      },
    );
  }
  if (!contentNames(environment).includes(statement.name)) {
    return world('signed-for-another', `${what} is called ${statement.name}, which nothing here reads`, {
      hint: `expected ${contentNames(environment).join(' or ')}`,
    });
  }
  if (now > Date.parse(statement.expires)) {
    asking.onExpired?.(statement);
    const wentBack = asking.clock !== undefined && asking.clock <= Date.parse(statement.expires);
    const since = wentBack
      ? `; this machine's clock says ${rfc3339(asking.clock!)}, but its last run was at ${rfc3339(now)} or later`
      : '';
    return world('signature-expired', `${what} expired at ${statement.expires}${since}`, {
      hint: `${wentBack ? "set this machine's clock, and " : ''}sign it again: \`converge sign\` with a later --expires`,
    });
  }
  if (now + clockSkew < Date.parse(statement.issued)) {
    return world(
      'signature-from-the-future',
      `${what} was issued at ${statement.issued}, which is yet to come`,
      {
        hint: "set this machine's clock, or that of the machine that signs",
      },
    );
  }
  const difference = compareVersions(version, statement.minimum_version);
  if (difference === undefined) {
    return world(
      'wrong-version',
      `${what} needs converge ${JSON.stringify(statement.minimum_version)}, which is not a version`,
      {
        hint: 'sign it again, and say `--minimum-version` like 1.2.3',
      },
    );
  }
  if (difference < 0) {
    return world(
      'wrong-version',
      `${what} needs converge ${statement.minimum_version}, and this is ${version}`,
      {
        hint: 'deploy a bundle of the newer version first',
      },
    );
  }
  if (!seen || signature === seen.inForce || statement.sequence > seen.highest) return undefined;
  const isRollback = (statement.replaces_up_to ?? -1) >= seen.highest;
  // Else whoever holds two old rollbacks could play one against the other.
  if (isRollback && Date.parse(statement.issued) > Date.parse(seen.issued)) return undefined;
  return blocked(
    'older-sequence',
    `${what} has sequence ${statement.sequence}, and this instance has had ${seen.highest} already`,
    { hint: `to go back on purpose, sign it with --replaces-up-to ${seen.highest}` },
  );
}

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/**
 * What time it is at least from now on: a clock that is put back must not make valid again what has expired.
 * One that was ahead for a while must not make everything expire, either: what was refused at that time
 * counts as expired, and later than that it is not known to be.
 * @param time milliseconds of this run
 */
export const notBefore = (time: number, expired?: Statement): string =>
  rfc3339(expired ? Math.min(time, Date.parse(expired.expires) + 1) : time);

/**
 * What to remember once a statement was accepted. What a rollback replaces stays replaced, also on an
 * instance that began after it and never had it.
 */
export const remember = (statement: Statement, signature: string, seen?: Seen): Seen => ({
  highest: Math.max(statement.sequence, statement.replaces_up_to ?? 0, seen?.highest ?? 0),
  inForce: signature,
  issued: seen && Date.parse(seen.issued) > Date.parse(statement.issued) ? seen.issued : statement.issued,
});

/** The one object that an instance asks for first: what it signs is named in it. */
export const signatureName = (environment: string): string => `${environment}.sig`;

/** What content may be called. */
export const contentNames = (environment: string): string[] => [`${environment}.yaml`, `${environment}.zip`];

/** Whether the content is what was signed. */
export const isContentOf = (statement: Statement, content: Buffer): boolean =>
  content.length === statement.bytes && sha256(content) === statement.sha256;
