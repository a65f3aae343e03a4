import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';

/** Whether the store of a repository was seen to honour conditions, and where that is noted. */
export interface Conditions {
  readonly proven: boolean;
  /** To be called once a cycle has seen it. */
  passed(): Promise<void>;
}

export const ignoresMatch = (): Failure =>
  unsuitable('it replaced the lease of a VM, though it was told to replace another version of it');

/** `etag`: what the store gave for an object that nobody has written since. */
export const comparesWrongly = (etag: string): Failure =>
  unsuitable(
    `it won't replace an object by the very ETag that it gave for it${etag.startsWith('W/') ? `, ${etag}: a weak one` : ''}`,
  );

/** `etag`: what the store gave for one version of an object, and for the next. */
export const tellsNothing = (etag: string): Failure =>
  unsuitable(etag === '' ? 'it gives no ETag' : `it gives two versions of an object the same ETag, ${etag}`);

/** A Failure `store-unsuitable`. */
export const unsuitable = (why: string): Failure =>
  new Failure(
    world('store-unsuitable', own`the repository's store can't keep two cycles apart: ${why}`, {
      hint: own`conditional writes (If-None-Match and If-Match with strong ETags) have to work: update the server, or the proxy before it, or use another store`,
    }),
  );
