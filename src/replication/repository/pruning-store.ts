import { decodePruning, encodePruning, PRUNING_CAP } from '../format/pruning-object.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { isUnreadable } from '../model/damage.ts';
import type { OrphanedPack } from '../model/point-writer.ts';
import { isMarked, type PruningRecord } from '../model/pruning-record.ts';
import type { VmContext } from './read/repository-context.ts';

export interface FoundPruning {
  record: PruningRecord;
  etag: string;
  /** By the store's clock, ms since the epoch. */
  modified: number;
}

export interface PruningStore {
  /** Undefined: no pruner has been here. @throws Failure `damaged-object` */
  read(): Promise<FoundPruning | undefined>;
  /** `etag`: of the record that it replaces. Undefined: somebody else wrote meanwhile. */
  write(record: PruningRecord, etag: string | undefined): Promise<{ etag: string } | undefined>;
  /** What the store says about it, without its content. */
  stat(): Promise<{ etag: string; modified: number } | undefined>;
}

/** Access to the record of what a pruner is removing of a VM. */
export function pruningStore({ store, vault, random, names }: VmContext): PruningStore {
  const key = names.pruning;
  return {
    async read() {
      const found = await store.get(key);
      if (!found) return undefined;
      const record = decodePruning(key, openObject(vault, 'pruning', key, found.bytes, PRUNING_CAP));
      return { record, etag: found.etag, modified: found.modified };
    },
    async write(record, etag) {
      const bytes = sealObject(vault, 'pruning', key, random.bytes(SALT_BYTES), encodePruning(record));
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      const put = await store.put(key, bytes, { when });
      return put.ok ? { etag: put.etag } : undefined;
    },
    stat: () => store.head(key),
  };
}

/** Ids of the points that are being removed; none where nobody can tell. */
export async function removing(context: VmContext): Promise<ReadonlySet<string>> {
  try {
    return new Set((await pruningStore(context).read())?.record.removing);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return new Set();
  }
}

/**
 * Those of these packs that no pruner has said it will remove; none where nobody can tell. To be asked once
 * the lease claims them: either the pruner sees that, or its mark is seen here.
 */
export async function unmarked(context: VmContext, packs: OrphanedPack[]): Promise<OrphanedPack[]> {
  const { names } = context;
  try {
    const marked = isMarked((await pruningStore(context).read())?.record);
    return packs.filter(({ id }) => !marked(names.pack(id).slice(names.folder.length)));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return [];
  }
}
