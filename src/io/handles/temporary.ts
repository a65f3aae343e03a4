import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { sha256 } from '../../values/digest.ts';
import type { Folder } from './folder.ts';
import { isForeign } from './owner.ts';
import { isAlive, processTable } from './process-table.ts';
import { removeTree } from './remove-tree.ts';

/**
 * `.converge-PLACE-PID-RUN-RANDOM.tmp`: which process of which machine made it, and what nobody can guess.
 */
const pattern = /^\.converge-([0-9a-f]{8})-([0-9]{1,10})-([0-9a-f]{8})-[0-9a-f]{24}\.tmp$/;

/** Tells this process from one before it that had the same number, as the first of a container always has. */
const thisRun = randomBytes(4).toString('hex');

/** Age in ms at which a leftover of another machine or container is surely nobody's any more. */
const forsaken = 24 * 3_600_000;

let place: Promise<string> | undefined;

/** Numbers of processes mean something only where they were given: on one machine, since it started. */
const ownPlace = (): Promise<string> => {
  place ??= processTable.place().then(found => sha256(JSON.stringify(found)).slice(0, 8));
  return place;
};

/** A name for what is made beside a thing and then renamed to it. */
export const temporaryName = async (): Promise<string> =>
  `.converge-${await ownPlace()}-${process.pid}-${thisRun}-${randomBytes(12).toString('hex')}.tmp`;

/** Whether a name is one of those, also of a process that was killed. */
export const isTemporaryName = (name: string): boolean => pattern.test(name);

/** Removes what killed processes left in a folder. What can't be removed costs space and nothing else. */
export async function sweep({ at }: Folder): Promise<void> {
  const here = await ownPlace();
  for (const name of (await fs.readdir(at)).filter(isTemporaryName)) {
    const [, where, pid, run] = pattern.exec(name)!;
    const path = `${at}/${name}`;
    try {
      const { uid, ctimeMs } = await fs.lstat(path);
      const isAnother = Number(pid) === process.pid ? run !== thisRun : !isAlive(Number(pid));
      const isOver = where === here && isAnother;
      if (!isForeign(uid) && (isOver || Date.now() - ctimeMs > forsaken)) await removeTree(path);
    } catch {}
  }
}
