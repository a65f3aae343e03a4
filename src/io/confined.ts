import { posix, resolve } from 'node:path';
import { blocked, Failure } from '../diagnostics/diagnostic.ts';
import type { Files, Host } from './ports.ts';

/**
 * A host whose files all are below `root`: `/srv/x` is `root/srv/x`, and relative managed paths resolve
 * against the root. A path that leads out, by `..` or through a symbolic link, is refused with a Failure
 * (blocked). Programs are the machine's own, run with a working directory below the root: what they do
 * elsewhere is theirs, so a lab's manifest should run only what it trusts.
 */
export function confine(host: Host, root: string): Host {
  const files = confineFiles(host.files, resolve(root));
  return {
    ...host,
    cwd: '/',
    files,
    processes: {
      async run(command, signal) {
        const cwd = await inside(host.files, resolve(root), command.cwd ?? '/', true);
        return host.processes.run({ ...command, cwd }, signal);
      },
    },
  };
}

function confineFiles(files: Files, root: string): Files {
  const parentOf = (path: string) => inside(files, root, path, false);
  const target = (path: string) => inside(files, root, path, true);
  return {
    read: async (path, options) => files.read(await target(path), options),
    list: async path => files.list(await target(path)),
    stat: async path => files.stat(await parentOf(path)),
    readlink: async path => files.readlink(await parentOf(path)),
    open: async (path: string, how: 'r' | 'r+' | 'create-new', options?: { mode?: number }) =>
      files.open(await target(path), how, options),
    writeAtomic: async (path, content, options) => files.writeAtomic(await parentOf(path), content, options),
    temporaryName: () => files.temporaryName(),
    chmod: async (path, mode) => files.chmod(await target(path), mode),
    mkdir: async (path, options) => files.mkdir(await target(path), options),
    rename: async (from, to) => files.rename(await parentOf(from), await parentOf(to)),
    link: async (from, to) => files.link(await parentOf(from), await parentOf(to)),
    syncFolder: async path => files.syncFolder(await target(path)),
    remove: async (path, options) => files.remove(await parentOf(path), options),
    freeSpace: async path => files.freeSpace(await target(path)),
  };
}

/** The real path. No part of it may be a symbolic link, nor may the last one when `last` says so. */
async function inside(files: Files, root: string, path: string, last: boolean): Promise<string> {
  const parts = partsOf(path);
  const checked = last ? parts : parts.slice(0, -1);
  let at = root;
  for (const part of checked) {
    at = resolve(at, part);
    const stat = await files.stat(at);
    if (!stat) break;
    if (stat.kind === 'symlink') throw outside(path);
  }
  return parts.length === 0 ? root : resolve(root, parts.join('/'));
}

/** Names below the root; a drive of Windows is a folder. */
function partsOf(path: string): string[] {
  const slashed = path.replaceAll('\\', '/').replace(/^([A-Za-z]):\//, '/$1/');
  if (slashed.split('/').includes('..')) throw outside(path);
  return posix.normalize(`/${slashed}`).split('/').filter(Boolean);
}

/** Where a path of a host that is confined to `root` really is, for what doesn't go through that host. */
export const placeBelow = (root: string, path: string): string => resolve(root, ...partsOf(path));

const outside = (path: string): Failure =>
  new Failure(
    blocked('outside-folder', `${path} leads out of the folder that this run is confined to`, {
      hint: 'use a path without `..` and without symbolic links',
    }),
  );
