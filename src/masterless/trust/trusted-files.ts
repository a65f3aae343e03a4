import { dirname, join, resolve } from 'node:path';
import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { parsePublicKey, type TrustedKey } from './keys.ts';

/**
 * Why others than who runs this machine could change what is at a path, or put something else there.
 * @param above that path is a folder somewhere above the key's: what counts is whether it can be replaced
 */
export type WhoCanChange = (
  path: string,
  above: boolean,
) => Promise<{ why: string; hint: string } | undefined>;

/** Nobody needs more; and a folder that was mixed up with another isn't read to its end. */
const mostKeys = 100;

/**
 * The keys in a folder: each of its `.pub` files. Empty when it isn't there. Throws a Failure (given) for a
 * file that is not a key, and for anything that others than root and this user could change, up to the root.
 */
export async function keysIn(folder: string, files: ReadFiles, others: WhoCanChange): Promise<TrustedKey[]> {
  const names = ((await files.list(folder)) ?? []).filter(name => name.endsWith('.pub')).sort();
  if (names.length === 0) return [];
  const mistakes = await changeable(folder, others, 1);
  if (mistakes) throw new Failure(mistakes);
  return Promise.all(names.slice(0, mostKeys).map(name => keyFile(join(folder, name), files, others)));
}

/** One key. Throws a Failure (given) when it isn't there, is none, or could have been changed by others. */
export async function keyFile(path: string, files: ReadFiles, others: WhoCanChange): Promise<TrustedKey> {
  const mistake = await changeable(path, others);
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

/**
 * Throws a Failure (given) when others could change what this instance remembers: they could have it take old
 * content again, or remove what they like. `folder` has to be there.
 */
export async function assertOwnState(folder: string, files: ReadFiles, others: WhoCanChange): Promise<void> {
  const inside = ['instance.json', 'state.json', 'memory'].map(name => join(folder, name));
  for (const path of inside) {
    const found = (await files.stat(path)) && (await others(path, false));
    if (found) throw new Failure(given('state-not-safe', `${path} ${found.why}`, { hint: found.hint }));
  }
  const mistake = await changeable(folder, others, 1);
  if (mistake) throw new Failure({ ...mistake, code: 'state-not-safe' satisfies Code });
}

/** Looked at from the key up to the root. */
async function changeable(path: string, others: WhoCanChange, from = 0): Promise<Diagnostic | undefined> {
  for (let at = path, depth = from; ; at = dirname(at), depth++) {
    const found = await others(at, depth > 1);
    if (found) {
      const what = `${path} is not trusted: ${at === path ? 'it' : at} ${found.why}`;
      return given('trust-not-safe', what, { hint: found.hint });
    }
    if (dirname(at) === at) return undefined;
  }
}

/** By owner and mode. `user`: POSIX id of who runs this. */
export function posixWhoCanChange(files: ReadFiles, user: number): WhoCanChange {
  const others: WhoCanChange = async (path, above) => {
    const stat = await files.stat(path);
    if (!stat) return undefined;
    const hint = `chown root ${path} && chmod go-w ${path}`;
    if (stat.kind === 'symlink' && !above) return { why: 'is a link', hint: 'put the file itself there' };
    if (stat.uid !== 0 && stat.uid !== user) return { why: 'belongs to another user', hint };
    if (stat.kind === 'symlink') return leadsTo(resolve(dirname(path), (await files.readlink(path)) ?? ''));
    // From a shared folder with the sticky bit, as /tmp is, nobody takes away what is not his.
    const sticky = above && (stat.mode & 0o1000) !== 0;
    return (stat.mode & 0o022) !== 0 && !sticky ? { why: 'can be written by others', hint } : undefined;
  };
  /** A link above is a way to the folder: where it leads to, and all above that, is asked the same. */
  const leadsTo: (target: string) => ReturnType<WhoCanChange> = async target => {
    for (let at = target; ; at = dirname(at)) {
      const found = await others(at, true);
      if (found) return { why: `leads to ${target}, where ${at} ${found.why}`, hint: found.hint };
      if (dirname(at) === at) return undefined;
    }
  };
  return others;
}
