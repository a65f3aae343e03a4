import { parseNumbered } from '../format/names.ts';
import { SALT_BYTES, sealObject } from '../format/sealing.ts';
import type { PointId } from '../model/damage-record.ts';
import type { Kept } from '../model/store.ts';
import { putOnce } from '../repository/write/put-once.ts';
import type { Decision } from '../retention/decide.ts';
import type { PrunedPoint } from './points.ts';
import { BATCH, idsOf, isHeld, type Work } from './work.ts';

export interface Removals {
  /** Listed no more from now on. */
  marked: PointId[];
  /** Were marked, and stay after all. */
  unmarked: PointId[];
  removed: PointId[];
  /** When the next point goes that is marked, ms since the epoch by the store's clock. */
  next?: number;
  /** What the store won't give up. */
  kept: Kept[];
}

/**
 * First marks points as being removed: in the record, which takes them out of every list, and
 * beside them, which dates it. Those that were marked for long enough go. A mark that the record doesn't know
 * was made by somebody else, and counts for nothing.
 */
export async function removePoints(work: Work, decisions: Decision<PrunedPoint>[]): Promise<Removals> {
  const { context, options, seen, now } = work;
  const { store, names } = context;
  const marks = await listMarks(work);
  const going = decisions.filter(({ keep }) => !keep);
  const chosen = new Set(going.map(({ point }) => point.id));
  const before = new Set(work.record.removing);
  const unmarked = idsOf(decisions.filter(({ point, keep }) => keep && before.has(point.id)));
  const fresh = going.filter(({ point }) => !before.has(point.id) || !marks.has(point.id));
  work.record = {
    ...work.record,
    removing: going.map(({ point }) => point.id),
    changed: work.record.changed + fresh.length,
    points: knownIn(work),
  };
  const known = new Set(seen.points.map(({ id }) => id));
  // Of a point that stays, or that was marked by somebody else, or of one that came back.
  const stray = [...marks.values()].filter(({ id }) => known.has(id) && (!chosen.has(id) || !before.has(id)));
  if (!options.dry) {
    // Before the record knows of them: else they would be as old as their maker says.
    for (let at = 0; at < stray.length; at += BATCH) {
      await options.step('unmark');
      await store.erase(
        stray.slice(at, at + BATCH).map(({ generation, id }) => names.removal(generation, id)),
      );
    }
    if (fresh.length + unmarked.length > 0) await work.save(work.record);
    for (const { point } of fresh) {
      options.signal?.throwIfAborted();
      await options.step('mark');
      await markPoint(work, point);
    }
  }
  const waiting = going.flatMap(({ point }) => {
    const mark = before.has(point.id) ? marks.get(point.id) : undefined;
    return mark ? [{ point, at: mark.modified + options.grace }] : [];
  });
  const due = waiting.filter(({ at }) => at <= now).map(({ point }) => point);
  const { removed, kept } = await removeDue(work, due);
  const gone = new Set(removed.map(({ id }) => id));
  const left = waiting.filter(({ point }) => !gone.has(point.id)).map(({ at }) => at);
  const nexts = [...left, ...(fresh.length > 0 ? [now + options.grace] : [])];
  work.record = {
    ...work.record,
    removing: work.record.removing.filter(id => !gone.has(id)),
    changed: work.record.changed + removed.length,
    points: work.record.points.filter(({ id }) => !gone.has(id)),
  };
  await forgetMarks(work, marks, gone);
  return {
    ...{ marked: idsOf(fresh), unmarked, removed, kept },
    ...(nexts.length > 0 && { next: Math.min(...nexts) }),
  };
}

/** Nothing is marked, taken back or removed by whoever doesn't know the policy. */
export function leavePoints(work: Work): Removals {
  work.record = { ...work.record, points: knownIn(work) };
  return { marked: [], unmarked: [], removed: [], kept: [] };
}

const knownIn = ({ seen }: Work): Work['record']['points'] =>
  seen.points.map(({ generation, id, time, previous }) => ({
    ...{ generation, id, time },
    ...(previous && { previous }),
  }));

interface Mark extends PointId {
  modified: number;
}

async function listMarks({ context: { store, names } }: Work): Promise<Map<string, Mark>> {
  const marks = new Map<string, Mark>();
  for await (const { key, modified } of store.list(names.removals)) {
    const name = parseNumbered(key);
    if (name) marks.set(name.id, { ...name, modified });
  }
  return marks;
}

async function markPoint({ context }: Work, { generation, id, previous }: PrunedPoint): Promise<void> {
  const { store, vault, random, names } = context;
  const key = names.removal(generation, id);
  const payload = Buffer.from(JSON.stringify({ previous: previous ?? null }));
  const bytes = sealObject(vault, 'removal', key, random.bytes(SALT_BYTES), payload);
  await putOnce(store, key, bytes);
}

async function removeDue(
  work: Work,
  due: readonly PrunedPoint[],
): Promise<Pick<Removals, 'removed' | 'kept'>> {
  const { context, options } = work;
  const { store, names } = context;
  const removed: PointId[] = [];
  const kept: Kept[] = [];
  for (let at = 0; at < due.length; at += BATCH) {
    options.signal?.throwIfAborted();
    const batch = due.slice(at, at + BATCH);
    if (options.dry) {
      removed.push(...batch.map(({ generation, id }) => ({ generation, id })));
      continue;
    }
    await options.step('points');
    if (await isHeld(work)) break;
    const pins = await options.pins();
    const going = batch.filter(({ id }) => !pins.has(id));
    const stays = await store.erase(going.map(({ generation, id }) => names.point(generation, id)));
    const there = new Set(stays.map(({ key }) => key));
    kept.push(...stays);
    for (const { generation, id } of going)
      if (!there.has(names.point(generation, id))) removed.push({ generation, id });
  }
  return { removed, kept };
}

/** A removal is told as long as a point names the one that it removed; nobody asks for the others. */
async function forgetMarks(
  { context: { store, names }, options, record, seen, now }: Work,
  marks: ReadonlyMap<string, Mark>,
  gone: ReadonlySet<string>,
): Promise<void> {
  if (options.dry || seen.unreadable.length > 0) return;
  const named = new Set(record.points.flatMap(({ previous }) => previous?.id ?? []));
  const there = new Set(record.points.map(({ id }) => id));
  const old = [...marks.values()].filter(
    ({ id, modified }) =>
      !named.has(id) && !there.has(id) && !gone.has(id) && modified + options.grace <= now,
  );
  for (let at = 0; at < old.length; at += BATCH) {
    await options.step('forget');
    await store.erase(old.slice(at, at + BATCH).map(({ generation, id }) => names.removal(generation, id)));
  }
}
