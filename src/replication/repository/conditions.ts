import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { CONFIG } from '../format/names.ts';
import type { ObjectStore } from '../model/store.ts';

/** Whether the store of a repository was seen to honour conditions, and where that is noted. */
export interface Conditions {
  readonly proven: boolean;
  /** To be called once a cycle has seen it. */
  passed(): Promise<void>;
}

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

export const ignoresMatch = (): Failure =>
  unsuitable('it replaced the lease of a VM, though it was told to replace another version of it');

/** `etag`: what the store gave for an object that nobody has written since. */
export const comparesWrongly = (etag: string): Failure =>
  unsuitable(
    `it won't replace an object by the very ETag that it gave for it${etag.startsWith('W/') ? `, ${etag}: a weak one` : ''}`,
  );

const unsuitable = (why: string): Failure =>
  new Failure(
    world('store-unsuitable', `the repository's store can't keep two cycles apart: ${why}`, {
      hint: 'conditional writes (If-None-Match and If-Match with strong ETags) have to work: update the server, or the proxy before it, or use another store',
    }),
  );
