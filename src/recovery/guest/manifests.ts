import { posix } from 'node:path';
import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { ReadFiles, ReadOptions } from '../../io/ports.ts';
import { sha256 } from '../../values/digest.ts';

/** Files by clean path below their folder, `/` between parts. */
export type ManifestFiles = ReadonlyMap<string, Buffer>;

/** They are kept with every recovery point, in one document. */
const mostBytes = 256 * 1024;
const mostFiles = 200;
const mostDepth = 8;

/**
 * One and the same for whoever holds the same files under the same names, on any platform: names in the order
 * of their bytes, each with the SHA-256 of its content.
 */
export const digestOf = (files: ManifestFiles): string =>
  sha256(
    JSON.stringify(
      [...files]
        .map(([name, bytes]) => [name, sha256(bytes)] as const)
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    ),
  );

/**
 * All that is in a folder of manifests, their modules and sources; of a file, that file alone. Names that
 * begin with a dot are left out: version control and converge itself keep what is theirs under such.
 *
 * @param join of the platform that the path is of
 * @param options for each file
 * @throws Failure `post-launch`: not there, too large, or something that is neither file nor folder
 */
export async function readManifestFiles(
  files: ReadFiles,
  path: string,
  join: (...parts: string[]) => string,
  options: ReadOptions = {},
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  let left = mostBytes;
  const take = async (at: string, name: string) => {
    const bytes = await files.read(at, { ...options, most: mostBytes });
    if (!bytes) throw changed(at);
    left -= bytes.length;
    if (left < 0) throw tooMuch(path, `more than ${mostBytes / 1024} KiB`);
    if (found.size === mostFiles) throw tooMuch(path, `more than ${mostFiles} files`);
    found.set(name, bytes);
  };
  const walk = async (at: string, below: string, depth: number): Promise<void> => {
    if (depth > mostDepth) throw tooMuch(path, `folders more than ${mostDepth} deep`);
    for (const name of [...((await files.list(at)) ?? [])].sort()) {
      if (name.startsWith('.')) continue;
      const [inner, shown] = [join(at, name), posix.join(below, name)];
      const kind = (await files.stat(inner))?.kind;
      if (kind === 'directory') await walk(inner, shown, depth + 1);
      else if (kind === 'file') await take(inner, shown);
      else throw odd(inner);
    }
  };
  const kind = (await files.stat(path))?.kind;
  if (kind === 'file') await take(path, lastPart(path));
  else if (kind === 'directory') await walk(path, '', 0);
  else
    throw new Failure(
      given('post-launch', `there is no file or folder ${path}`, { hint: 'name manifests that are there' }),
    );
  if (found.size > 0) return found;
  throw new Failure(given('post-launch', `${path} holds no files`, { hint: 'put manifests there' }));
}

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1)!;

const changed = (path: string): Failure =>
  new Failure(world('post-launch', `${path} went away while it was read`, { hint: 'run again' }));

const odd = (path: string): Failure =>
  new Failure(
    given('post-launch', `${path} is neither a file nor a folder`, { hint: 'put the file itself there' }),
  );

const tooMuch = (path: string, what: string): Failure =>
  new Failure(
    given('post-launch', `${path} holds ${what}: each recovery point keeps a copy of it`, {
      hint: 'name a folder that holds the manifests and their modules alone',
    }),
  );
