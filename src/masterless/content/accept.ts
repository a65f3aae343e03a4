import { createHash } from 'node:crypto';
import { blocked, type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { compareVersions } from '../../io/versions.ts';
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
  /** Milliseconds since the epoch. */
  now: number;
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
    return world('signature-expired', `${what} expired at ${statement.expires}`, {
      hint: 'sign it again: `converge sign` with a later --expires',
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
  if (compareVersions(version, statement.minimum_version) < 0) {
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

/**
 * What to remember once a statement was accepted. What a rollback replaces stays replaced, also on an instance
 * that began after it and never had it.
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
  content.length === statement.bytes &&
  createHash('sha256').update(content).digest('hex') === statement.sha256;
