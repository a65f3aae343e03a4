import { damaged } from '../model/damage.ts';
import type { DamageRecord } from '../model/damage-record.ts';
import { LAST_GENERATION, OBJECT_ID_BYTES } from './names.ts';
import { demand, hex, listOf, members, moment, oneOf, optional, text, tuple, whole } from './shape.ts';

/** Longest record accepted, bytes: some tens of thousands of objects. */
export const DAMAGE_CAP = 16 * 2 ** 20;

const generation = whole(1, LAST_GENERATION);

const points = listOf(members({ generation, id: hex(OBJECT_ID_BYTES) }));

const shape = members({
  damage: oneOf(1),
  objects: listOf(
    members({
      object: text,
      why: oneOf('missing', 'damaged'),
      sections: optional(listOf(whole())),
      places: optional(listOf(tuple(whole(), whole()))),
      since: moment,
      attended: optional(generation),
    }),
  ),
  broken: listOf(
    members({
      generation,
      id: hex(OBJECT_ID_BYTES),
      why: optional(oneOf('point', 'map', 'content')),
    }),
  ),
  suspect: optional(points),
});

/** `key` names the object in the Failure that is thrown when the bytes are not a record of damage. */
export function decodeDamage(key: string, bytes: Buffer): DamageRecord {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as DamageRecord;
    demand(shape, value);
    return value;
  } catch (cause) {
    throw damaged(key, 'its content is not a record of damage', cause);
  }
}
