import { isAbsolute, join } from 'node:path';
import type { Host } from '../ports.ts';

/** What systemd lets a credential be called, as far as it is one part of a path. */
export const CREDENTIAL_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}$/;

/**
 * What the service manager has put down for this process alone: a file of `$CREDENTIALS_DIRECTORY`, see
 * https://systemd.io/CREDENTIALS/. It counts only while nobody but root and whoever runs this could have
 * written it. Undefined, with why, where there is none.
 *
 * @throws Failure what keeps it from being read, or from being believed
 */
export async function readCredential(
  name: string,
  { env, files }: Pick<Host, 'env' | 'files'>,
): Promise<{ bytes: Buffer } | { why: string }> {
  const directory = env.CREDENTIALS_DIRECTORY;
  if (!CREDENTIAL_NAME.test(name))
    return { why: 'a credential is named by letters, digits, `.`, `_` and `-`' };
  if (!directory) return { why: 'the service manager has handed over no credentials' };
  if (!isAbsolute(directory)) return { why: '$CREDENTIALS_DIRECTORY is not a whole path' };
  const bytes = await files.read(join(directory, name), { own: true, most: 1 << 20 });
  return bytes ? { bytes } : { why: `the service manager has handed over no credential ${name}` };
}
