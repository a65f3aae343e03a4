import fs from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { type Folder, Refused } from './folder.ts';
import { isForeign } from './owner.ts';

/** Milliseconds within which a file system may give two changes the same time. */
const tick = 50;
const tries = 3;

/**
 * Where the link `name` of a folder leads, when root or whoever runs this made it; undefined when it is not a
 * link.
 *
 * Node can't read a link by handle. Where others could swap names between the look at the owner and the
 * reading, the link has to be the same one before and after: a rename would have changed its ctime, unless
 * within one tick of the clock, hence it has to be older than that. Looked at again without `retry`, which
 * needs the host's clock: this room is below it and knows only Node.
 * @throws Refused for a link of another user
 */
export async function trustedLink(folder: Folder, name: string, shown: string): Promise<string | undefined> {
  const path = `${folder.at}/${name}`;
  for (let attempt = 1; ; attempt++) {
    const before = await fs.lstat(path, { bigint: true });
    if (!before.isSymbolicLink()) return undefined;
    if (isForeign(before.uid)) throw foreign(shown, before.uid);
    const target = await fs.readlink(path);
    if (!(await folder.isShared())) return target;
    const after = await fs.lstat(path, { bigint: true });
    const same = before.ino === after.ino && before.ctimeNs === after.ctimeNs && before.dev === after.dev;
    if (same && BigInt(Date.now() - tick) * 1_000_000n > before.ctimeNs) return target;
    if (attempt === tries)
      throw new Refused(`${shown} is a link that changes while it is read`, 'name where it should lead');
    await setTimeout(tick);
  }
}

const foreign = (shown: string, uid: bigint): Refused =>
  new Refused(
    `${shown} is a link of another user (uid ${uid}), who could lead it anywhere`,
    'name where it leads; or give the link to root: chown -h root',
  );
