import { join } from 'node:path';
import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { fileFailure } from '../../../io/errors.ts';
import type { FileStat, Files } from '../../../io/ports.ts';
import { parsePath } from './paths.ts';

/** Says why a change below this path is refused, for a run without an administrator's rights. */
export type Guard = (parts: readonly string[]) => Promise<string | undefined>;

/**
 * The directory `root` as drive C: of a Windows machine: paths of any case with `\` or `/`, names keep the
 * case that they were made with, modes are 0. Reading a path that Windows can't have says "not there", as
 * node.exe does; writing one is a Failure (world). A link below `root` is refused, since C: ends there.
 */
export function windowsFiles(below: Files, root: string, guard: Guard = async () => undefined): Files {
  /** The real path of what a Windows path names, in the case that it is stored with. */
  async function locate(path: string, verb: string, forChange: boolean): Promise<string | undefined> {
    const parsed = parsePath(path);
    const parts = 'parts' in parsed ? parsed.parts : [];
    const refused = 'refused' in parsed ? parsed.refused : forChange ? await guard(parts) : undefined;
    if (refused !== undefined) {
      if (!forChange) return undefined;
      throw new Failure(world('file-access', `can't ${verb} ${path}: ${refused}`));
    }
    let at = root;
    for (const [index, part] of parts.entries()) {
      const found = await entry(at, part);
      if (found === undefined) return join(at, ...parts.slice(index));
      at = join(at, found);
    }
    return at;
  }

  async function entry(folder: string, name: string): Promise<string | undefined> {
    const exact = await below.stat(join(folder, name));
    const wanted = name.toLowerCase();
    const found = exact ? name : (await below.list(folder))?.find(one => one.toLowerCase() === wanted);
    const stat = exact ?? (found === undefined ? undefined : await below.stat(join(folder, found)));
    if (stat?.kind !== 'symlink') return found;
    throw new Failure(world('file-access', `${name} is a link, and drive C: of the lab has none`));
  }

  /** Failures name the path as it was given. */
  async function reading<T>(
    path: string,
    verb: string,
    work: (real: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const real = await locate(path, verb, false);
    return real === undefined ? undefined : renamed(real, path, () => work(real));
  }

  async function changing<T>(path: string, verb: string, work: (real: string) => Promise<T>): Promise<T> {
    const real = (await locate(path, verb, true))!;
    return renamed(real, path, () => work(real));
  }

  return {
    read: (path, options) => reading(path, 'read', real => below.read(real, options)),
    list: path => reading(path, 'list', real => below.list(real)),
    readlink: async () => undefined,
    stat: path =>
      reading(path, 'look at', async real => {
        const stat = await below.stat(real);
        return stat && asWindows(stat);
      }),
    open: async (path: string, mode: 'r' | 'r+' | 'create-new') => {
      const handle = await (mode === 'r'
        ? reading(path, 'open', real => below.open(real, mode))
        : changing(path, 'open', real => below.open(real, mode)));
      return handle && { ...handle, stat: async () => asWindows(await handle.stat()) };
    },
    writeAtomic: (path, content) => changing(path, 'write', real => below.writeAtomic(real, content)),
    temporaryName: () => below.temporaryName(),
    // Only the read-only bit would mean something there, and nobody sets it.
    chmod: async () => {},
    mkdir: (path, options) =>
      changing(path, 'make the directory', real =>
        below.mkdir(real, { recursive: options?.recursive === true }),
      ),
    rename: (from, to) =>
      changing(from, 'rename', source =>
        changing(to, 'rename to', async target => {
          const name = 'parts' in parsePath(to) ? lastOf(to) : '';
          // Only the case of the name changes.
          if (source === target) return below.rename(source, join(target, '..', name));
          const there = await below.stat(target);
          if (there?.kind === 'directory') throw fileFailure(errorWith('EPERM'), 'rename to', to);
          return below.rename(source, target);
        }),
      ),
    link: (from, to) =>
      changing(from, 'read', source => changing(to, 'make', target => below.link(source, target))),
    syncFolder: path => changing(path, 'flush', real => below.syncFolder(real)),
    remove: (path, options) => changing(path, 'remove', real => below.remove(real, options)),
    freeSpace: path => changing(path, 'measure the free space of', real => below.freeSpace(real)),
  };
}

const asWindows = (stat: FileStat): FileStat => ({ ...stat, mode: 0, uid: 0, gid: 0 });

function lastOf(path: string): string {
  const parsed = parsePath(path);
  return 'parts' in parsed ? (parsed.parts.at(-1) ?? '') : '';
}

const errorWith = (code: string): Error => Object.assign(new Error(code), { code });

async function renamed<T>(real: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const told = error.diagnostics.map(
      (one): Diagnostic => ({ ...one, message: one.message.replaceAll(real, path) }),
    );
    throw new Failure(told, { cause: error });
  }
}
