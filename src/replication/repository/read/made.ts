import { parseNumbered } from '../../format/names.ts';
import { pipelined } from '../../model/pipelined.ts';
import type { MadePoint, Point } from '../../model/point.ts';
import { leadingMode } from '../../model/point.ts';
import type { OnDamage } from '../../model/repository.ts';
import { type PointName, readable, readHead, readPoint } from './points.ts';
import type { VmContext } from './repository-context.ts';

/** Points that are read side by side. */
const READS = 8;

/** @see VmRepository.made */
export async function readMade(
  context: VmContext,
  since: number,
  onDamage: OnDamage,
  known: Map<string, MadePoint> = new Map(),
  leftOut: ReadonlySet<number> = new Set(),
): Promise<MadePoint[]> {
  const all: (PointName & { modified: number })[] = [];
  for await (const { key, modified } of context.store.list(context.names.points)) {
    const name = parseNumbered(key);
    if (name) all.push({ ...name, modified });
  }
  const first = all.findIndex(({ modified }) => modified > since);
  const within = first < 0 ? all.slice(-1) : all.slice(Math.max(0, first - 1));
  const wanted = within.filter(({ generation }) => !leftOut.has(generation));
  const read = async (name: (typeof all)[number]): Promise<MadePoint | undefined> => {
    const before = known.get(name.id);
    if (before) return before;
    const root = await readable(readPoint(context, name), onDamage);
    return root && madeOf(root.point, name.modified);
  };
  const made: MadePoint[] = [];
  for await (const one of pipelined(wanted, READS, read)) if (one) made.push(one);
  for (const one of made) known.set(one.id, one);
  // A commit that ends just now: its point is in the head alone.
  const head = (await readable(readHead(context), onDamage))?.root.point;
  if (head && !leftOut.has(head.generation) && !all.some(({ id }) => id === head.id))
    made.push(madeOf(head, head.time));
  return made.map((one, at) => {
    const next = made[at + 1];
    return next ? { ...one, complete: Math.max(one.time, Math.min(one.complete, next.time)) } : one;
  });
}

const madeOf = (point: Point, modified: number): MadePoint => ({
  id: point.id,
  generation: point.generation,
  time: point.time,
  complete: Math.max(point.time, modified),
  consistency: point.consistency,
  ...leadingMode(point),
  ...(point.changes?.signal && { signal: point.changes.signal.kind }),
  ...(point.stored !== undefined && { stored: point.stored }),
});
