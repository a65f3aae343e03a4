import { damaged } from '../model/damage.ts';
import type { LocksRecord } from '../model/object-lock.ts';
import { demand, listOf, members, moment, oneOf, text } from './shape.ts';

/** Longest record accepted, bytes: some hundred thousand objects. */
export const LOCKS_CAP = 64 * 2 ** 20;

const shape = members({
  locks: oneOf(1),
  swept: moment,
  held: listOf(members({ until: moment, objects: listOf(text) })),
});

/** `key` names the object in the Failure that is thrown when the bytes are not such a record. */
export function decodeLocks(key: string, bytes: Buffer): LocksRecord {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as LocksRecord;
    demand(shape, value);
    return value;
  } catch (cause) {
    throw damaged(key, 'its content is not a record of locks', cause);
  }
}
