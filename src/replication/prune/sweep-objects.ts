import { type Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import type { Kept } from '../model/store.ts';
import { type Compacted, compact } from './compact.ts';
import { doubt } from './doubt.ts';
import { whatIsNeeded } from './needed.ts';
import type { Removals } from './remove-points.ts';
import { dueOf, listParts, marksAfter, type Part, packOf, unneeded } from './sweep.ts';
import { BATCH, GRACE, isHeld, type Work } from './work.ts';

const DAY = 24 * 3_600_000;
/** Clocks of a store's servers may differ by this much, ms. */
const SLACK = 3_600_000;

export interface Swept {
  /** Undefined: it wasn't time to look. */
  objects?: {
    /** Needed by nothing, and not removed yet. */
    waiting: { objects: number; bytes: number };
    removed: { objects: number; bytes: number };
  };
  /** Undefined: no pack is less than half needed, or none was to be written anew. */
  compacted?: Compacted;
  /** Why the objects could not be looked at. */
  doubt?: Failure;
  /** What the store won't give up. */
  left: Kept[];
}

/**
 * Finds what no point needs, marks it, and removes what was marked for long enough and is still not needed.
 * It reads the roots of all points, and so waits until enough of them went.
 */
export async function sweepObjects(work: Work, removals: Removals): Promise<Swept> {
  const { options, record, now } = work;
  const isDue = dueOf(record.marked, now, options.grace).length > 0;
  if (!isDue && !isTime(work)) {
    await finish(work, removals);
    return { left: [] };
  }
  try {
    return await sweep(work, removals, isDue);
  } catch (error) {
    if (!failedWith(error, 'prune-doubt')) throw error;
    await finish(work, removals);
    return { doubt: error as Failure, left: [] };
  }
}

/** Once a day where points went; where that are few of many, and where none did, once a week. */
function isTime({ record: { swept, changed, points }, now }: Work): boolean {
  if (changed > 0 && changed * 16 >= points.length) return true;
  return swept + (changed > 0 ? DAY : 7 * DAY) <= now;
}

async function sweep(work: Work, removals: Removals, isDue: boolean): Promise<Swept> {
  const { context, options, now } = work;
  const before = knownBefore(work);
  const needed = await whatIsNeeded(work, isDue);
  const parts = await listParts(context);
  const found = await unneeded(context, parts, needed, before);
  const sizes = new Map(found.map(({ object, size }) => [object, size]));
  const due = new Set(dueOf(work.record.marked, now, options.grace));
  const going = found.filter(({ object }) => due.has(object) && !needed.leaving.has(object));
  work.record = {
    ...work.record,
    marked: marksAfter(work.record.marked, new Set(sizes.keys())),
    swept: now,
    changed: 0,
  };
  const { removed, left } = await removeObjects(work, going);
  const gone = new Set(removed.map(({ object }) => object));
  work.record = {
    ...work.record,
    marked: marksAfter(work.record.marked, new Set([...sizes.keys()].filter(one => !gone.has(one)))),
  };
  await finish(work, removals, gone);
  const compacted = options.compacting && (await compact(work, needed, parts, options.compacting));
  return {
    objects: {
      waiting: count(found.filter(({ object }) => !gone.has(object))),
      removed: count(removed),
    },
    ...(compacted && { compacted }),
    left,
  };
}

const count = (parts: readonly Part[]) => ({
  objects: parts.length,
  bytes: parts.reduce((sum, { size }) => sum + size, 0),
});

/**
 * Whoever can still commit has read the head as it is, and wrote nothing before it was there. Where the head
 * hasn't moved for so long that no cycle can be at work, everything that is old is known.
 */
function knownBefore({ seen, now, leased }: Work): number {
  const { head, points } = seen;
  if (points.length === 0 && (leased === undefined || (leased.generation ?? 0) > 0))
    throw doubt('it has no point that can be read, and may have had some');
  const old = now - GRACE;
  return head ? Math.max(head.modified - SLACK, old) : old;
}

/** What is claimed by a cycle stays. Readers need an index longest, so that goes last. */
async function removeObjects(work: Work, going: readonly Part[]): Promise<{ removed: Part[]; left: Kept[] }> {
  const { context, options, lease } = work;
  const { store, names } = context;
  const removed: Part[] = [];
  const left: Kept[] = [];
  for (const kind of ['packs/', 'pages/', 'bundles/', 'index/']) {
    const all = going.filter(({ object }) => object.startsWith(kind));
    for (let at = 0; at < all.length; at += BATCH) {
      options.signal?.throwIfAborted();
      const batch = all.slice(at, at + BATCH);
      if (await isHeld(work)) return { removed, left };
      if (options.dry) {
        removed.push(...batch);
        continue;
      }
      await options.step('objects');
      const claims = new Set((await lease())?.claims);
      const free = batch.filter(({ object }) => !claims.has(packOf(object) ?? ''));
      const stays = await store.erase(free.map(({ object }) => names.folder + object));
      const there = new Set(stays.map(({ key }) => key));
      left.push(...stays);
      removed.push(...free.filter(({ object }) => !there.has(names.folder + object)));
    }
  }
  return { removed, left };
}

/** Writes down where this run came to; what is gone is not damage. */
async function finish(work: Work, removals: Removals, gone: ReadonlySet<string> = new Set()): Promise<void> {
  const { vm, options, record, damage } = work;
  if (options.dry) return;
  await work.save(record);
  const removed = new Set(removals.removed.map(({ id }) => id));
  const objects = damage?.objects.filter(({ object }) => !gone.has(object)) ?? [];
  const broken = damage?.broken.filter(({ id }) => !removed.has(id)) ?? [];
  if (!damage || objects.length + broken.length === damage.objects.length + damage.broken.length) return;
  await options.step('damage');
  const now = await vm.damage.read();
  // Of what somebody else found meanwhile nothing is lost: the next run, or verification, sees it again.
  if (now?.record && JSON.stringify(now.record) === JSON.stringify(damage))
    await vm.damage.write({ damage: 1, objects, broken }, now.etag);
}
