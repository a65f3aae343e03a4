import { failedWith } from '../../diagnostics/diagnostic.ts';
import { withBriefLease } from '../cycle/with-lease.ts';
import { encodeRoot, type Root, type Segment } from '../format/root.ts';
import { SALT_BYTES, sealObject } from '../format/sealing.ts';
import { isPending } from '../model/damage-record.ts';
import { readHead } from '../repository/read/points.ts';
import { session } from '../repository/write/commit-session.ts';
import { indexWriter } from '../repository/write/index-writer.ts';
import { type Rewritten, rewrite } from './rewrite.ts';
import { type SparsePack, sparsePacks, within } from './sparse-packs.ts';
import type { Led, Needed } from './survey.ts';
import type { Part } from './sweep.ts';
import type { Compacting, Work } from './work.ts';

/** Why packs weren't written anew, though some are less than half needed. */
export type NotCompacted =
  /** A cycle holds the lease, has died and is to be gone on from, or came between. */
  | 'cycle'
  /** The next cycle heals something first. */
  | 'damage'
  /** There is no head, or an older one than the newest point. */
  | 'no-head';

export interface Compacted {
  /** Packs of which less than half was needed, and that are led to no more. */
  packs: number;
  /** Bytes of the blocks that were moved, and of what becomes free once the old packs go. */
  moved: number;
  freed: number;
  /** Those that are left for the next run, because this one may move no more or couldn't. */
  left: { packs: number; bytes: number };
  not?: NotCompacted;
  /** Keys of packs that aren't as they were written, and why. */
  unread: { key: string; why: string }[];
}

const size = (sparse: readonly SparsePack[]) => sparse.reduce((sum, one) => sum + one.size - one.live, 0);

/**
 * Writes anew what is needed of packs of which less than half is: new packs, then an index object that leads
 * to them, then, under the lease, the head with it in force. The old packs are left to be found needed by
 * nothing, marked, and removed as everything is. Killed anywhere, it leaves only what nothing needs.
 *
 * @throws Failure `prune-raced` (blocked)
 */
export async function compact(
  work: Work,
  needed: Needed,
  parts: readonly Part[],
  { bytes, ...compacting }: Compacting,
): Promise<Compacted | undefined> {
  const { context, options, seen, damage } = work;
  const sparse = sparsePacks(parts, needed.leads);
  if (sparse.length === 0 || bytes === 0) return undefined;
  const none = (not?: NotCompacted): Compacted => ({
    ...{ packs: 0, moved: 0, freed: 0, unread: [] },
    left: { packs: sparse.length, bytes: size(sparse) },
    ...(not && { not }),
  });
  const { head } = seen;
  const newest = seen.points.at(-1)?.generation ?? 0;
  if (!head || head.root.point.generation < newest) return none('no-head');
  if (damage && isPending(damage)) return none('damage');
  // A cycle that died goes on from its packs, as long as nobody but itself moves the head.
  const lease = await work.lease();
  if (lease && (lease.unfinished || lease.expires > work.now)) return none('cycle');
  const chosen = within(sparse, bytes);
  const left = sparse.slice(chosen.length);
  const done = {
    ...{ packs: chosen.length, freed: size(chosen), left: { packs: left.length, bytes: size(left) } },
    moved: chosen.reduce((sum, one) => sum + one.live, 0),
  };
  if (options.dry) return { ...done, unread: [] };
  const led: Led[] = [];
  const ids = new Set(chosen.map(({ pack }) => pack));
  for await (const one of needed.leading(ids, options.signal)) led.push(one);
  const making = session(context, head.root.point.generation, options.step);
  const { moved, unread } = await rewrite(making, led, options.signal);
  // Another pruner that has begun meanwhile is seen here. It removes nothing as young as what was written.
  work.record = { ...work.record, changed: Math.max(1, left.length && work.record.points.length) };
  await work.save(work.record);
  if (moved.length > 0 && !(await leadTo(work, making, moved, compacting))) return none('cycle');
  const skipped = chosen.filter(({ pack }) => unread.has(pack));
  return {
    ...done,
    packs: chosen.length - skipped.length,
    freed: done.freed - size(skipped),
    unread: [...unread].map(([pack, why]) => ({ key: context.names.pack(pack), why })),
  };
}

/** False: a cycle is at work or is to be gone on from, or the head was moved by somebody else. */
async function leadTo(
  { context, vm, seen, options }: Work,
  making: ReturnType<typeof session>,
  moved: Rewritten['moved'],
  { repository, clock, holders }: Omit<Compacting, 'bytes'>,
): Promise<boolean> {
  const { random } = context;
  const { epoch } = seen.head!.root.point;
  const brief = { clock, random, holders, what: 'prune', epoch, step: options.step };
  try {
    return await withBriefLease(repository, vm, brief, async lease => {
      const found = lease.unfinished ? undefined : await readHead(context);
      const generation = found?.root.point.generation;
      // What a cycle has committed meanwhile is gone on from; one that was put back is left alone.
      if (!found || generation! < Math.max(lease.generation, seen.head!.root.point.generation))
        return { value: false };
      const index = indexWriter(making);
      for (const { places, location } of moved)
        for (const { disk, page, id } of places) {
          index.note(disk, page, id, location);
          await index.room();
        }
      const segments = await index.finish(found.root.segments);
      await lease.prove();
      lease.signal.throwIfAborted();
      const value = await putHead(making, { ...found.root, segments }, found.etag);
      return { value, generation };
    });
  } catch (error) {
    if (!failedWith(error, 'lease-held', 'lease-damaged', 'lease-lost')) throw error;
    return false;
  }
}

/** The same point, with other index objects in force. */
async function putHead(
  { context, step }: ReturnType<typeof session>,
  root: Root,
  etag: string,
): Promise<boolean> {
  const { store, vault, names, random } = context;
  const bytes = sealObject(vault, 'head', names.head, random.bytes(SALT_BYTES), encodeRoot(root));
  await step('head');
  const isOurs = async () =>
    (await readHead(context))?.root.segments.at(-1)?.id === (root.segments.at(-1) as Segment).id;
  try {
    return (await store.put(names.head, bytes, { when: { ifMatch: etag } })).ok || (await isOurs());
  } catch (error) {
    if (!failedWith(error, 'answer-lost') || !(await isOurs())) throw error;
    return true;
  }
}
