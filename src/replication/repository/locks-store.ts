import { decodeLocks, LOCKS_CAP } from '../format/locks-object.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { isUnreadable } from '../model/damage.ts';
import type { LocksRecord } from '../model/object-lock.ts';
import type { VmContext } from './read/repository-context.ts';

export interface LocksStore {
  /** Undefined: there is none. One that can't be read says nothing: all is asked of the store anew. */
  read(): Promise<{ record: LocksRecord | undefined; etag: string } | undefined>;
  /** `etag`: of the record that it replaces. Undefined: somebody else wrote meanwhile. */
  write(record: LocksRecord, etag: string | undefined): Promise<{ etag: string } | undefined>;
}

/** Access to what is known of the locks of a VM's objects. */
export function locksStore({ store, vault, random, names }: VmContext): LocksStore {
  const key = names.locks;
  return {
    async read() {
      const found = await store.get(key);
      if (!found) return undefined;
      const { etag } = found;
      try {
        return { record: decodeLocks(key, openObject(vault, 'locks', key, found.bytes, LOCKS_CAP)), etag };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return { record: undefined, etag };
      }
    },
    async write(record, etag) {
      const payload = Buffer.from(JSON.stringify(record));
      const bytes = sealObject(vault, 'locks', key, random.bytes(SALT_BYTES), payload);
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      const put = await store.put(key, bytes, { when });
      return put.ok ? { etag: put.etag } : undefined;
    },
  };
}
