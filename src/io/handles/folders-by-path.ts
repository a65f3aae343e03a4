import fs from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from './code-of.ts';
import { type Folder, type Folders, mostLinks, Refused } from './folder.ts';
import { trustedLink } from './links.ts';
import { letsOthersSwap, type Owned } from './owner.ts';

/**
 * Folders by path, where handles can't stand for folders: a folder could be swapped between look and use. So
 * root works in none that others can change, nor below one; anybody else loses no more than what is theirs.
 */
export function foldersByPath(platform: NodeJS.Platform = process.platform): Folders {
  if (platform === 'win32') return windowsFolders;
  const reach = async (path: string, links = mostLinks): Promise<Folder> => {
    let at = '/';
    let folder = folderAt(at, await fs.lstat(at));
    const parts = path.split('/').filter(Boolean);
    for (const [index, name] of parts.entries()) {
      await refuseForRoot(folder);
      const next = join(at, name);
      const found = await fs.lstat(next);
      if (found.isSymbolicLink()) {
        if (links === 0) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
        const target = (await trustedLink(folder, name, next)) ?? '.';
        return reach(join(resolve(at, target), ...parts.slice(index + 1)), links - 1);
      }
      if (!found.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
      at = next;
      folder = folderAt(at, found);
    }
    await refuseForRoot(folder);
    return folder;
  };
  return {
    within: async (path, work) => work(await reach(path)),
    async followed(folder, name, shown, work) {
      const link = await trustedLink(folder, name, shown);
      if (link === undefined) return undefined;
      const target = resolve(folder.at, link);
      return { result: await work(await reach(dirname(target)), target.slice(dirname(target).length)) };
    },
  };
}

/** Windows lets only administrators make links, or whoever turned on the developer mode. */
const windowsFolders: Folders = {
  within: async (path, work) => work({ at: path, isShared: async () => false }),
  async followed(folder, name, _shown, work) {
    const path = join(folder.at, name);
    const link = await fs.readlink(path).catch(error => {
      if (codeOf(error) === 'EINVAL' || codeOf(error) === 'UNKNOWN') return undefined;
      throw error;
    });
    if (link === undefined) return undefined;
    const target = resolve(folder.at, link);
    return {
      result: await work(
        { at: dirname(target), isShared: async () => false },
        target.slice(dirname(target).length),
      ),
    };
  },
};

const folderAt = (at: string, stat: Owned): Folder => ({ at, isShared: async () => letsOthersSwap(stat) });

async function refuseForRoot({ at, isShared }: Folder): Promise<void> {
  if (process.geteuid?.() !== 0 || !(await isShared())) return;
  throw new Refused(
    `others can change the folder ${at}, and without /proc root can't hold on to it`,
    `run where /proc is mounted, or take the folder: chown root ${at} && chmod go-w ${at}`,
  );
}
