import type { Failure } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { parseNumbered } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import { isUnreadable } from '../model/damage.ts';
import type { DamageRecord } from '../model/damage-record.ts';
import { pipelined } from '../model/pipelined.ts';
import type { KnownPoint, PruningRecord } from '../model/pruning-record.ts';
import { readable, readHead, readPoint } from '../repository/read/points.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { agedOf } from '../retention/dates.ts';
import type { Aged } from '../retention/decide.ts';
import { doubt } from './doubt.ts';

/** A complete point, with all that retention and removal go by. */
export interface PrunedPoint extends KnownPoint, Aged {
  /** Bytes of its object. */
  size: number;
}

export interface Seen {
  /** In ascending generation. */
  points: PrunedPoint[];
  /** What can't be read: nobody knows what it needs. */
  unreadable: { id: string; generation: number; failure: Failure | undefined }[];
  head: { root: Root; modified: number } | undefined;
}

const READS = 8;

/** All points, of which only those are read that a run before hasn't read. */
export async function seePoints(
  context: VmContext,
  record: PruningRecord,
  damage: DamageRecord | undefined,
  pins: ReadonlyMap<string, string[]>,
): Promise<Seen> {
  const { names, store } = context;
  // First of all: whatever is written from now on is younger.
  const stat = await store.head(names.head);
  const head = await readable(readHead(context), failure => {
    throw doubt(
      failure.message,
      own`the next cycle, or \`converge repair\`, mends it where that can be done`,
    );
  });
  const known = new Map(record.points.map(one => [one.id, one]));
  const unreadable: Seen['unreadable'] = [];
  const listed: { generation: number; id: string; size: number; modified: number }[] = [];
  for await (const { key, size, modified } of store.list(names.points)) {
    const name = parseNumbered(key);
    if (name) listed.push({ ...name, size, modified });
  }
  const read = async (one: (typeof listed)[number]) => {
    const before = known.get(one.id);
    if (before) return { known: before, ...one };
    try {
      const root = await readPoint(context, one);
      return root && { known: knownOf(root), ...one };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (head?.root.point.id === one.id) return { known: knownOf(head.root), ...one };
      unreadable.push({ id: one.id, generation: one.generation, failure: error });
      return undefined;
    }
  };
  const all: { known: KnownPoint; size: number; modified?: number }[] = [];
  for await (const one of pipelined(listed, READS, read)) if (one) all.push(one);
  if (
    head &&
    !all.some(one => one.known.id === head.root.point.id) &&
    !listed.some(one => one.id === head.root.point.id)
  )
    all.push({ known: knownOf(head.root), size: 0 });
  all.sort((a, b) => a.known.generation - b.known.generation);
  const arrived = new Map(
    all.flatMap(({ known: { id }, modified }) => (modified === undefined ? [] : [[id, modified] as const])),
  );
  const points = all.map(({ known: one, size }) => ({ ...one, size }));
  return {
    points: agedOf(points, { arrived, damage, pins, head: head?.root.point.id }),
    unreadable,
    head: head && { root: head.root, modified: stat?.modified ?? 0 },
  };
}

const knownOf = ({ point: { generation, id, time }, previous }: Root): KnownPoint => ({
  ...{ generation, id, time },
  ...(previous && { previous }),
});
