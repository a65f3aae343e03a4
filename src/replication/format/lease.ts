import type { ProcessId } from '../../io/process-table.ts';
import { damaged } from './damage.ts';
import { LAST_GENERATION } from './names.ts';
import { demand, members, moment, oneOf, optional, text, whole } from './shape.ts';

/** Who holds a lease, for messages and for telling whether it still lives. */
export interface Holder extends ProcessId {
  /** Unique per cycle. */
  id: string;
}

/** The lease object of a VM. It stays after a release, so that epochs only ever grow. */
export interface LeaseValue {
  lease: 1;
  epoch: number;
  holder: Holder;
  /** The intent: whose snapshot may be found at the source. */
  cycle: string;
  snapshot: string;
  /** Milliseconds since the epoch by the holder's clock; 0 once released. */
  expires: number;
  /** Of the newest complete point when this was written: a VM with fewer has lost some. 0: none yet. */
  generation?: number;
}

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
});

/** `key` names the object in the Failure that is thrown when the bytes are no lease. */
export function decodeLease(key: string, bytes: Buffer): LeaseValue {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as LeaseValue;
    demand(shape, value);
    return value;
  } catch (cause) {
    throw damaged(key, 'its content is no lease', cause);
  }
}
