import { OBJECT_ID_BYTES } from '../format/names.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { demand, listOf, members, moment, oneOf, optional, text } from '../format/shape.ts';
import { type CheckMemory, LEVELS } from '../model/check-memory.ts';
import { damaged, isUnreadable } from '../model/damage.ts';
import type { VmContext } from './read/repository-context.ts';

/** Longest record accepted, bytes: as many packs as are remembered, and some. */
export const CHECKED_CAP = 16 * 2 ** 20;

const lists = listOf(members({ at: moment, packs: text }));
const shape = members({
  checked: oneOf(1),
  looks: members(Object.fromEntries(LEVELS.map(level => [level, optional(moment)]))),
  read: lists,
  tried: optional(lists),
});

interface Stored {
  checked: 1;
  looks: CheckMemory['looks'];
  read: StoredPacks[];
  tried?: StoredPacks[];
}

interface StoredPacks {
  at: number;
  /** Their ids, 16 bytes each, in base64. */
  packs: string;
}

/** `key` names the object in the Failure that is thrown when the bytes are not such a record. */
export function decodeCheckMemory(key: string, bytes: Buffer): CheckMemory {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Stored;
    demand(shape, value);
    const listed = (all: StoredPacks[]) =>
      all.map(({ at, packs }) => ({ at, packs: idsOf(Buffer.from(packs, 'base64')) }));
    return { looks: value.looks, read: listed(value.read), tried: listed(value.tried ?? []) };
  } catch (cause) {
    throw damaged(key, 'its content is not a record of what was checked', cause);
  }
}

function idsOf(bytes: Buffer): string[] {
  if (bytes.length % OBJECT_ID_BYTES !== 0) throw new RangeError('ids are cut off');
  return Array.from({ length: bytes.length / OBJECT_ID_BYTES }, (_, n) =>
    bytes.toString('hex', n * OBJECT_ID_BYTES, (n + 1) * OBJECT_ID_BYTES),
  );
}

function encode({ looks, read, tried }: CheckMemory): Buffer {
  const packed = (all: CheckMemory['read']): StoredPacks[] =>
    all.map(({ at, packs }) => ({ at, packs: Buffer.from(packs.join(''), 'hex').toString('base64') }));
  const stored: Stored = { checked: 1, looks, read: packed(read), tried: packed(tried) };
  return Buffer.from(JSON.stringify(stored));
}

export interface CheckMemoryStore {
  /** Undefined: there is none. One that can't be read says nothing, and is replaced by the next. */
  read(): Promise<{ memory: CheckMemory | undefined; etag: string } | undefined>;
  /** `etag`: of the record that it replaces. False: somebody else wrote meanwhile. */
  write(memory: CheckMemory, etag: string | undefined): Promise<boolean>;
}

/** Access to the record of what verifications of a VM have looked at. */
export function checkMemoryStore({
  store,
  vault,
  random,
  names,
}: Pick<VmContext, 'store' | 'vault' | 'random' | 'names'>): CheckMemoryStore {
  const key = names.checked;
  return {
    async read() {
      const found = await store.get(key);
      if (!found) return undefined;
      const { etag } = found;
      try {
        const payload = openObject(vault, 'checked', key, found.bytes, CHECKED_CAP);
        return { memory: decodeCheckMemory(key, payload), etag };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return { memory: undefined, etag };
      }
    },
    async write(memory, etag) {
      const bytes = sealObject(vault, 'checked', key, random.bytes(SALT_BYTES), encode(memory));
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      return (await store.put(key, bytes, { when })).ok;
    },
  };
}
