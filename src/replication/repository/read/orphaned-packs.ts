import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { OrphanedPack } from '../../model/point-writer.ts';
import { indexReader } from './locator.ts';
import { newestRoot } from './points.ts';
import type { VmContext } from './repository-context.ts';

/**
 * Packs that no index object in force names, in the order in which they were written: cycles left them that
 * died or failed. One listing, and the ends of the index. None where an index object can't be read: nothing
 * can be told then.
 */
export async function orphanedPacks(context: VmContext): Promise<OrphanedPack[]> {
  const { names, store } = context;
  const there: { id: string; size: number; modified: number }[] = [];
  for await (const { key, size, modified } of store.list(`${names.folder}packs/`)) {
    const id = /\/([0-9a-f]{32})$/.exec(key)?.[1];
    if (id !== undefined && names.pack(id) === key) there.push({ id, size, modified });
  }
  if (there.length === 0) return [];
  const root = await newestRoot(context, () => {});
  const index = indexReader(context);
  const named = new Set<string>();
  try {
    for (const segment of root?.segments ?? [])
      for (const pack of (await index.footer(segment)).packs) named.add(pack);
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
    return [];
  }
  return there
    .filter(({ id }) => !named.has(id))
    .sort((a, b) => a.modified - b.modified)
    .map(({ id, size }) => ({ id, size }));
}
