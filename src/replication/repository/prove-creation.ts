import { CONFIG, isVmKey, ROSTER } from '../format/names.ts';
import { unsuitable } from '../model/conditions.ts';
import type { ObjectStore } from '../model/store.ts';

/**
 * A PUT of the configuration as it is, with a blank behind it, that is to be written only if nothing is
 * there: whoever takes it lets two first cycles overwrite each other's configuration.
 *
 * @throws Failure `store-unsuitable`
 */
export async function proveCreation(store: ObjectStore, configuration: Buffer): Promise<void> {
  // Other bytes than those there: after a lost answer the store can tell whether it was this one.
  const bytes = Buffer.concat([configuration, Buffer.from(' ')]);
  const put = await store.put(CONFIG, bytes, { when: { ifNoneMatch: '*' } });
  if (put.ok) throw unsuitable(`it replaced ${CONFIG}, which it was told to write only if it isn't there`);
}

/** An ETag that no store gives: it is too short for any digest. */
const OF_NOTHING = '0';

/**
 * The same, and that of another version: both are to be refused, so that nothing is written. A store that may
 * not be written to refuses them otherwise. The latter is tried on the roster, since nobody but whoever
 * rotates keys may replace the configuration; a store that takes it has a VM's name mended by the next cycle.
 * Answers with whether it was tried: before the first cycle there is no roster.
 *
 * @throws Failure `store-unsuitable`, and what `put` throws
 */
export async function proveConditions(store: ObjectStore, configuration: Buffer): Promise<boolean> {
  await proveCreation(store, configuration);
  for await (const { key } of store.list(ROSTER)) {
    if (!isVmKey(key.slice(ROSTER.length))) continue;
    const found = await store.get(key);
    if (!found) continue;
    const bytes = Buffer.concat([found.bytes, Buffer.from(' ')]);
    const put = await store.put(key, bytes, { when: { ifMatch: OF_NOTHING } });
    if (put.ok) throw unsuitable(`it replaced ${key}, though it was told to replace another version of it`);
    return true;
  }
  return false;
}
