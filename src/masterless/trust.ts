import { dirname, join } from 'node:path';
import { type Diagnostic, Failure, given } from '../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../io/ports.ts';
import { parsePublicKey, type TrustedKey } from './keys.ts';

/** Who may have written there. `user`: POSIX id of who runs this; undefined where there are none. */
export interface Keeper {
  user: number | undefined;
}

/** Nobody needs more; and a folder that was mixed up with another isn't read to its end. */
const mostKeys = 100;

/**
 * The keys in a folder: each of its `.pub` files. Empty when it isn't there. Throws a Failure (given) for a
 * file that is no key, and for anything that others than root and this user could change, up to the root.
 */
export async function keysIn(folder: string, files: ReadFiles, keeper: Keeper): Promise<TrustedKey[]> {
  const names = ((await files.list(folder)) ?? []).filter(name => name.endsWith('.pub')).sort();
  if (names.length === 0) return [];
  const mistakes = await changeable(folder, files, keeper);
  if (mistakes) throw new Failure(mistakes);
  return Promise.all(names.slice(0, mostKeys).map(name => keyFile(join(folder, name), files, keeper)));
}

/** One key. Throws a Failure (given) when it isn't there, is none, or could have been changed by others. */
export async function keyFile(path: string, files: ReadFiles, keeper: Keeper): Promise<TrustedKey> {
  const mistake = await changeable(path, files, keeper);
  if (mistake) throw new Failure(mistake);
  const bytes = await files.read(path);
  if (!bytes)
    throw new Failure(
      given('no-such-file', `the trusted key ${path} is not there`, {
        hint: 'name the .pub file of `converge sign --new-key NAME`',
      }),
    );
  return parsePublicKey(bytes.toString('utf8'), path);
}

/** Whether somebody else could put another key there. Windows has no such bits: see the folder's ACL. */
async function changeable(path: string, files: ReadFiles, { user }: Keeper): Promise<Diagnostic | undefined> {
  if (user === undefined) return undefined;
  for (let at = path; ; at = dirname(at)) {
    const stat = await files.stat(at);
    // What a link leads to would have to be asked the same; nobody needs one here.
    if (stat?.kind === 'symlink' && at === path) return untrusted(path, at, 'is a link');
    if (stat && stat.uid !== 0 && stat.uid !== user) return untrusted(path, at, 'belongs to another user');
    // Of a shared folder with the sticky bit, as /tmp is, nobody takes away what is not his.
    const shared = (stat?.mode ?? 0) & 0o1000 && at !== path;
    if (stat && stat.kind !== 'symlink' && (stat.mode & 0o022) !== 0 && !shared)
      return untrusted(path, at, 'can be written by others');
    if (dirname(at) === at) return undefined;
  }
}

const untrusted = (path: string, at: string, why: string): Diagnostic =>
  given('trust-not-safe', `${path} is not trusted: ${at === path ? 'it' : at} ${why}`, {
    hint: `chown root ${at} && chmod go-w ${at}`,
  });
