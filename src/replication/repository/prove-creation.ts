import { CONFIG } from '../format/names.ts';
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
