import { closeSync, constants, fstat, fstatSync, open, statSync } from 'node:fs';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from './code-of.ts';
import { type Folder, type Folders, mostLinks } from './folder.ts';
import { trustedLink } from './links.ts';
import { letsOthersSwap } from './owner.ts';

/** Of Linux (asm-generic/fcntl.h); Node has no name for it. Such a handle needs no right but to pass. */
export const O_PATH = 0o10000000;

/** Where the handles of this process are folders. */
export const handleFolder = '/proc/self/fd';

const asFolder = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

// Plain numbers, since handles of `fs/promises` complain when they are collected while they wait to be used
// again.
const opened: (path: string, flags: number) => Promise<number> = promisify(open);
const statOf = promisify(fstat);
const atOf = (fd: number): string => `${handleFolder}/${fd}`;
/**
 * At once, as nothing was written through it, so that there is nothing to wait for and no answer of any use:
 * to have another thread do it costs ten times as much.
 */
const shut = (fd: number): void => closeSync(fd);

/** Uses of one handle before its path is walked again. */
const mostUses = 256;
/** Handles that wait to be used again, and for how long in ms. */
const mostIdle = 32;
const idle = 50;

interface Held extends Folder {
  fd: number;
  dev: number;
  ino: number;
}

/** A handle that all who work in the folder at the moment share. */
interface Shared {
  ready: Promise<Held>;
  users: number;
  uses: number;
}

/**
 * Folders by handle: each part of a path is opened below the one before, without following a link that
 * neither root nor whoever runs this made. Work that goes on in one folder at once shares one handle; one
 * that nobody uses is kept for a moment, and used again only while its path still leads there.
 */
export function foldersByHandle(): Folders {
  const known = new Map<string, Shared>();
  let closing: NodeJS.Timeout | undefined;

  function share(path: string): Shared {
    const found = known.get(path);
    if (found && found.users > 0 && found.uses < mostUses) return found;
    const isIdle = found?.users === 0;
    const ready = isIdle ? found.ready.then(held => stillThere(held, path)) : descend(path);
    const made: Shared = { ready, users: 0, uses: 0 };
    known.set(path, made);
    made.ready.catch(() => known.get(path) === made && known.delete(path));
    return made;
  }

  async function release(path: string, shared: Shared): Promise<void> {
    if (--shared.users > 0) return;
    const isCurrent = known.get(path) === shared;
    if (isCurrent && known.size <= mostIdle) {
      if (closing === undefined) closing = setTimeout(closeIdle, idle).unref();
      return;
    }
    if (isCurrent) known.delete(path);
    shut((await shared.ready).fd);
  }

  function closeIdle(): void {
    closing = undefined;
    for (const [path, { users, ready }] of known) {
      if (users > 0) continue;
      known.delete(path);
      void ready.then(({ fd }) => shut(fd));
    }
  }

  async function within<T>(path: string, work: (folder: Folder) => Promise<T>): Promise<T> {
    const shared = share(path);
    const isFirst = shared.uses === 0;
    shared.users++;
    shared.uses++;
    let held: Held;
    try {
      held = await shared.ready;
    } catch (error) {
      // What was missing when somebody else set out may be there by now.
      if (isFirst) throw error;
      return within(path, work);
    }
    try {
      return await work(held);
    } finally {
      await release(path, shared);
    }
  }

  return {
    within,
    async followed(folder, name, shown, work) {
      const link = await trustedLink(folder, name, shown);
      if (link === undefined) return undefined;
      const target = link.replace(/\/+$/, '');
      const cut = target.lastIndexOf('/') + 1;
      const above = link.startsWith('/') ? `/${target.slice(0, cut)}` : target.slice(0, cut);
      const held = await descend(above, folder, posix.dirname(shown));
      try {
        return { result: await work(held, target.slice(cut) || '.') };
      } finally {
        shut(held.fd);
      }
    },
  };
}

/**
 * Opens the folder `path`, which is below `from` unless it is absolute. `base`: the path of `from`, for
 * messages.
 */
async function descend(path: string, from?: Folder, base = '/'): Promise<Held> {
  const isBelow = from !== undefined && !path.startsWith('/');
  let at = await opened(isBelow ? `${from.at}/.` : '/', asFolder);
  let shown = isBelow ? base : '/';
  const parts = path.split('/');
  try {
    for (let links = 0; parts.length > 0; ) {
      const name = parts.shift()!;
      if (name === '' || name === '.') continue;
      const next = posix.join(shown, name);
      const found = await openBelow(at, name, next);
      if (typeof found === 'number') {
        shut(at);
        [at, shown] = [found, next];
        continue;
      }
      if (++links > mostLinks) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
      parts.unshift(...found.split('/'));
      if (!found.startsWith('/')) continue;
      shut(at);
      at = -1;
      at = await opened('/', asFolder);
      shown = '/';
    }
    return heldBy(at);
  } catch (error) {
    if (at !== -1) shut(at);
    throw error;
  }
}

/** The folder of that name, or where the link of that name leads. */
async function openBelow(at: number, name: string, shown: string): Promise<number | string> {
  try {
    return await opened(`${atOf(at)}/${name}`, asFolder);
  } catch (error) {
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ELOOP') throw error;
    const link = await trustedLink(heldBy(at), name, shown);
    if (link === undefined) throw error;
    return link;
  }
}

function heldBy(fd: number): Held {
  // What was opened just now is known: nobody has to be asked for it over a network.
  const { dev, ino } = fstatSync(fd);
  return { fd, dev, ino, at: atOf(fd), isShared: async () => letsOthersSwap(await statOf(fd)) };
}

/**
 * The same handle while its path leads there, by whatever links: it was reached safely. Else a new one.
 * It was walked a moment ago, so that the system knows the way without asking a disk or a server.
 */
async function stillThere(held: Held, path: string): Promise<Held> {
  const now = seen(path);
  if (now?.dev === held.dev && now.ino === held.ino) return held;
  shut(held.fd);
  return descend(path);
}

function seen(path: string): { dev: number; ino: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
