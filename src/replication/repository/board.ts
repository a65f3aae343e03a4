import { BOARD } from '../format/names.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { damaged } from '../model/damage.ts';
import type { BoardStore } from '../model/repository.ts';
import type { Context } from './read/repository-context.ts';
import { RECORD_CAP } from './records.ts';

/** See `BoardStore`; a note is a sealed object of the same kind as a record. */
export function boardStore({ store, vault, random }: Context): BoardStore {
  const folder = BOARD;
  return {
    async list(prefix) {
      const found: { name: string; modified: number }[] = [];
      for await (const { key, modified } of store.list(folder + prefix))
        found.push({ name: key.slice(folder.length), modified });
      return found;
    },
    async read(name) {
      const key = folder + name;
      const found = await store.get(key);
      if (!found) return undefined;
      const payload = openObject(vault, 'record', key, found.bytes, RECORD_CAP);
      try {
        return { value: JSON.parse(payload.toString('utf8')), etag: found.etag, modified: found.modified };
      } catch (cause) {
        throw damaged(key, 'it is not JSON', cause);
      }
    },
    async write(name, value, etag) {
      const key = folder + name;
      const payload = Buffer.from(JSON.stringify(value));
      const bytes = sealObject(vault, 'record', key, random.bytes(SALT_BYTES), payload);
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      // Whoever notes something looks at the repository next: an agent that tried for long would say too late
      // that it is away.
      const put = await store.put(key, bytes, { when, patience: 'quick' });
      return put.ok ? put.etag : undefined;
    },
    etag: async name => (await store.head(folder + name))?.etag,
    remove: name => store.remove(folder + name),
  };
}
