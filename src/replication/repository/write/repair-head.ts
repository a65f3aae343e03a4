import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { encodeRoot, type Root } from '../../format/root.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { HeadRepair } from '../../model/repository.ts';
import { openRoot, type PointName, pointNames, readable, readPoint } from '../read/points.ts';
import type { VmContext } from '../read/repository-context.ts';
import { type Step, session } from './commit-session.ts';
import { settle } from './writer.ts';

/**
 * Puts the head of a VM and the object of its newest point in order, from each other; to be called under the
 * lease. A head that isn't whole, or is older than a point, is made from the newest point that can be read.
 *
 * @param known the highest generation that is known to have been
 * @param rebuild though a newer point is known, or the head is whole and older than a point
 */
export async function repairHead(
  context: VmContext,
  { known, rebuild, step }: { known: number; rebuild: boolean; step: Step },
): Promise<HeadRepair> {
  const { store, vault, random, names } = context;
  const found = await store.get(names.head);
  const head = found && rootIn(context, found.bytes);
  const listed = await pointNames(context);
  const newest = await newestReadable(context, listed, head);
  // A newer one that can't be read is lost, whatever the head says.
  if (head && newest === head) {
    const work = session(context, head.point.generation + 1, step);
    await settle(work, head);
    const { generation } = head.point;
    return work.totals.bytes_uploaded > 0 ? { did: 'point-written', generation } : { did: 'nothing' };
  }
  if (!newest) return { did: 'nothing', left: listed.length + (found ? 1 : 0) > 0 ? 'no-point' : undefined };
  const { generation } = newest.point;
  if (!rebuild && head) return { did: 'nothing', left: 'head-older', generation };
  if (!rebuild && generation < known) return { did: 'nothing', left: 'newer-known', generation };
  // The one that is replaced may have said that there is a failover.
  const bytes = encodeRoot({ ...newest, suspended: true });
  await step('head');
  const put = await store.put(
    names.head,
    sealObject(vault, 'head', names.head, random.bytes(SALT_BYTES), bytes),
    { when: found ? { ifMatch: found.etag } : { ifNoneMatch: '*' } },
  );
  return put.ok ? { did: 'head-written', generation } : { did: 'nothing', left: 'head-moved' };
}

function rootIn({ vault, names }: VmContext, bytes: Buffer): Root | undefined {
  try {
    return openRoot(vault, 'head', names.head, bytes);
  } catch (error) {
    if (!failedWith(error, 'damaged-object') && !isUnreadable(error)) throw error;
    return undefined;
  }
}

/** The head's root where no point that can be read is newer. */
async function newestReadable(
  context: VmContext,
  listed: readonly PointName[],
  head: Root | undefined,
): Promise<Root | undefined> {
  for (const name of listed.toReversed()) {
    if (head && name.generation <= head.point.generation) return head;
    const root = await readable(readPoint(context, name), () => {});
    if (root) return root;
  }
  return head;
}
