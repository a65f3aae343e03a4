import { join } from 'node:path';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Files } from '../../io/ports.ts';
import { sha256 } from '../../values/digest.ts';
import { openStatement } from '../trust/envelope.ts';
import type { TrustedKey } from '../trust/keys.ts';
import { type Asking, isContentOf, refusal } from './accept.ts';
import type { Content } from './fetch.ts';

const folder = 'last-known-good';

/** Keeps signed content that converged, so that the next run can do without the bucket. */
export async function keepContent(files: Files, stateDir: string, content: Content): Promise<void> {
  if (!content.signed) return;
  const dir = join(stateDir, folder);
  await files.mkdir(dir, { recursive: true, mode: 0o700 });
  // The signature last: until it is there, the pair doesn't match and is not taken.
  await files.writeAtomic(join(dir, 'content'), content.bytes, { private: true });
  await files.writeAtomic(join(dir, 'signature'), content.signed.file, { private: true });
}

/**
 * The content kept here, verified as if it came from the bucket: what is on disk is trusted no more
 * than what is in S3. Undefined when there is none. Throws a Failure when it may not be taken (any more).
 */
export async function keptContent(
  files: Files,
  stateDir: string,
  asking: Asking,
  trusted: readonly TrustedKey[],
): Promise<Content | undefined> {
  const dir = join(stateDir, folder);
  const [bytes, file] = [await files.read(join(dir, 'content')), await files.read(join(dir, 'signature'))];
  if (!bytes || !file) return undefined;
  const statement = openStatement(file, join(dir, 'signature'), trusted);
  const digest = sha256(file);
  const no = isContentOf(statement, bytes) ? refusal(statement, digest, asking) : changed(dir);
  if (no) throw new Failure(no);
  return {
    name: statement.name,
    bytes,
    sha256: statement.sha256,
    signed: { statement, file, sha256: digest },
  };
}

const changed = (dir: string) =>
  world('content-changed', `the content kept in ${dir} is not what was signed`, {
    hint: 'it is fetched again as soon as the bucket answers; find out who can write there',
  });
