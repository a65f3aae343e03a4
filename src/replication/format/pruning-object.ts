import { damaged } from '../model/damage.ts';
import type { KnownPoint, PruningRecord } from '../model/pruning-record.ts';
import { LAST_GENERATION, OBJECT_ID_BYTES } from './names.ts';
import {
  demand,
  hex,
  listOf,
  members,
  moment,
  nullOr,
  oneOf,
  optional,
  text,
  tuple,
  whole,
} from './shape.ts';

/** Longest record accepted, bytes: some hundred thousand objects. */
export const PRUNING_CAP = 64 * 2 ** 20;

const id = hex(OBJECT_ID_BYTES);
const generation = whole(1, LAST_GENERATION);

const shape = members({
  pruning: oneOf(1),
  removing: listOf(id),
  marked: listOf(members({ since: optional(moment), objects: listOf(text) })),
  swept: moment,
  changed: whole(),
  points: listOf(tuple(generation, id, moment, nullOr(tuple(generation, id)))),
});

type PointRow = [
  generation: number,
  id: string,
  time: number,
  previous: [generation: number, id: string] | null,
];

/** `key` names the object in the Failure that is thrown when the bytes are not such a record. */
export function decodePruning(key: string, bytes: Buffer): PruningRecord {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Omit<PruningRecord, 'points'> & {
      points: PointRow[];
    };
    demand(shape, value);
    return { ...value, points: value.points.map(known) };
  } catch (cause) {
    throw damaged(key, 'its content is not a record of pruning', cause);
  }
}

export const encodePruning = ({ points, ...record }: PruningRecord): Buffer =>
  Buffer.from(JSON.stringify({ ...record, points: points.map(row) }));

const known = ([generation, id, time, previous]: PointRow): KnownPoint => ({
  ...{ generation, id, time },
  ...(previous && { previous: { generation: previous[0], id: previous[1] } }),
});

const row = ({ generation, id, time, previous }: KnownPoint): PointRow => [
  generation,
  id,
  time,
  previous ? [previous.generation, previous.id] : null,
];
