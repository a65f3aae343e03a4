import { CONFIG } from '../format/names.ts';
import type { LockPolicy } from '../model/object-lock.ts';
import { type Decision, decide } from '../retention/decide.ts';
import { lockStep, promisedUntil } from '../retention/promised.ts';
import { whatIsNeeded } from './needed.ts';
import type { PrunedPoint } from './points.ts';
import type { Work } from './work.ts';

const SECOND = 1000;

/** As a record of locks names what isn't in a VM's folder. */
const atTheTop = (key: string): string => `/${key}`;
export const keyOf = (folder: string, object: string): string =>
  object.startsWith('/') ? object.slice(1) : folder + object;

/**
 * Until when each object is to be locked that a point needs which retention keeps; by key as a record of
 * locks has it. Points whose times are near are looked at together, and all that they need gets the latest of
 * them.
 *
 * @throws Failure `prune-doubt` where it can't be told what points need
 */
export async function locksNeeded(work: Work, lock: LockPolicy, held: boolean): Promise<Map<string, number>> {
  const { context, options, seen, now } = work;
  const decisions = decide(seen.points, options.policy, now, held);
  const until = (one: Decision<PrunedPoint>) => promisedUntil(one, options.policy, lock, now);
  const kept = decisions.filter(one => until(one) > now);
  const groups = Map.groupBy(kept, one => Math.ceil((until(one) - now) / lockStep(lock)));
  const needs = new Map<string, number>();
  const need = (object: string, at: number) => needs.set(object, Math.max(needs.get(object) ?? 0, at));
  for (const group of groups.values()) {
    const latest = Math.ceil(Math.max(...group.map(until)) / SECOND) * SECOND;
    const points = group.map(({ point }) => point).sort((a, b) => a.generation - b.generation);
    const needed = await whatIsNeeded(
      {
        ...work,
        seen: { ...seen, points },
        record: { ...work.record, removing: [], points },
      },
      false,
    );
    for (const object of needed.kept) need(object, latest);
    for (const pack of needed.packs.keys())
      need(context.names.pack(pack).slice(context.names.folder.length), latest);
    for (const { generation, id, size } of points)
      if (size > 0) need(context.names.point(generation, id).slice(context.names.folder.length), latest);
  }
  const latest = Math.max(0, ...needs.values());
  if (latest > 0) for (const key of [CONFIG, context.names.roster]) need(atTheTop(key), latest);
  return needs;
}
