import { damaged } from '../model/damage.ts';
import type { LeaseValue } from '../model/lease-value.ts';
import { LAST_GENERATION } from './names.ts';
import { demand, hex, listOf, members, moment, oneOf, optional, text, whole } from './shape.ts';

/** A first copy of many TiB that died may leave a few hundred thousand packs to claim. */
export const LEASE_CAP = 16 * 2 ** 20;

/** Epochs are part of snapshot names, with at most fifteen digits; there is always a next one. */
const MOST_EPOCHS = 10 ** 15 - 2;

const shape = members({
  lease: oneOf(1),
  epoch: whole(0, MOST_EPOCHS),
  holder: members({
    id: text,
    pid: whole(),
    start: text,
    host: text,
    machine: text,
    boot: text,
    namespace: text,
  }),
  cycle: text,
  snapshot: text,
  expires: moment,
  generation: optional(whole(0, LAST_GENERATION)),
  unfinished: optional(oneOf(true)),
  claims: optional(listOf(hex(16))),
});

/** `key` names the object in the Failure that is thrown when the bytes are not a lease. */
export function decodeLease(key: string, bytes: Buffer): LeaseValue {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as LeaseValue;
    demand(shape, value);
    return value;
  } catch (cause) {
    throw damaged(key, 'its content is not a lease', cause);
  }
}
