import type { Root } from '../format/root.ts';
import { isUnreadable } from '../model/damage.ts';
import { pipelined } from '../model/pipelined.ts';
import { readPoint } from '../repository/read/points.ts';
import { doubt } from './doubt.ts';
import { type Needed, survey } from './survey.ts';
import { doubtsIn, type Work } from './work.ts';

const READS = 8;

/** `leaving`: points that are being removed count as well, whose objects go when they have gone. */
export async function whatIsNeeded(
  work: Pick<Work, 'context' | 'seen' | 'damage' | 'record' | 'options'>,
  leaving: boolean,
): Promise<Needed> {
  const { context, seen, damage, record, options } = work;
  const known = new Set(damage?.objects.map(({ object }) => object));
  for (const { generation, id, failure } of seen.unreadable) {
    const key = context.names.point(generation, id);
    if (!known.has(key.slice(context.names.folder.length)))
      throw doubt(failure?.message ?? `${key} can't be read`);
  }
  const removing = new Set(record.removing);
  const there = new Set(record.points.map(({ id }) => id));
  const points = seen.points.filter(({ id }) => there.has(id) && (leaving || !removing.has(id)));
  const { head } = seen;
  // Whoever finds no head goes by the newest point beside it, and by what that has in force.
  const stored = points.findLast(({ size }) => size > 0);
  const copy = stored && (await rootOf(work, stored));
  const inForce = [head?.root.segments ?? [], copy?.segments ?? []];
  const gathered = survey(context, {
    inForce,
    doubts: doubtsIn(work),
  });
  for await (const { root, id } of pipelined(points, READS, async ({ generation, id }) => ({
    id,
    root: head?.root.point.id === id ? head.root : await rootOf(work, { generation, id }),
  }))) {
    options.signal?.throwIfAborted();
    if (root) gathered.add(root, !removing.has(id));
    else throw doubt(`point ${id} is gone since it was listed`);
  }
  return gathered.finish(options.signal);
}

async function rootOf(
  { context, seen: { head } }: Pick<Work, 'context' | 'seen'>,
  point: { generation: number; id: string },
): Promise<Root | undefined> {
  try {
    return await readPoint(context, point);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    if (head?.root.point.id === point.id) return head.root;
    throw doubt(error.message);
  }
}
