import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { encodeRoot } from '../../format/root.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import { openRoot, pointNames, readable, readPoint } from '../read/points.ts';
import type { VmContext } from '../read/repository-context.ts';

/**
 * Writes a head that is damaged anew, from the newest point under `points/`. Only where the generation of
 * that point is at least `atLeast`, the newest that is known to have been: the head alone may have held a
 * newer one. False: nothing was written.
 */
export async function mendHead(context: VmContext, atLeast: number): Promise<boolean> {
  const { store, vault, random, names } = context;
  const found = await store.get(names.head);
  if (!found) return false;
  try {
    openRoot(vault, 'head', names.head, found.bytes);
    return false;
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
  }
  const newest = (await pointNames(context)).at(-1);
  if (!newest || newest.generation < Math.max(1, atLeast)) return false;
  const root = await readable(readPoint(context, newest), () => {});
  if (!root) return false;
  // The one that was lost may have said that there is a failover.
  const anew = encodeRoot({ ...root, suspended: true });
  const bytes = sealObject(vault, 'head', names.head, random.bytes(SALT_BYTES), anew);
  return (await store.put(names.head, bytes, { when: { ifMatch: found.etag } })).ok;
}
