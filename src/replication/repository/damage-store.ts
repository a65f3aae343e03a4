import { failedWith } from '../../diagnostics/diagnostic.ts';
import { DAMAGE_CAP, decodeDamage } from '../format/damage-object.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { isUnreadable } from '../model/damage.ts';
import type { DamageRecord, PointId } from '../model/damage-record.ts';
import type { DamageStore, OnDamage } from '../model/repository.ts';
import { stillBroken } from './read/page-doubts.ts';
import { lookForPresence } from './read/presence.ts';
import type { VmContext } from './read/repository-context.ts';
import { mendRoster } from './read/roster.ts';
import { mendHead } from './write/mend-head.ts';
import { repairHead } from './write/repair-head.ts';

/** Access to the record of damage of a VM. */
export function damageStore(context: VmContext): DamageStore {
  const { store, vault, random, names } = context;
  const key = names.damage;
  return {
    async read(onDamage) {
      const found = await store.get(key);
      if (!found) return undefined;
      const { etag } = found;
      try {
        const record = decodeDamage(key, openObject(vault, 'damage', key, found.bytes, DAMAGE_CAP));
        return { record, etag };
      } catch (error) {
        // What it said is found again by whoever looks; nobody is kept from working by it.
        if (!isUnreadable(error)) throw error;
        onDamage?.(error);
        return { record: undefined, etag };
      }
    },
    async write(record: DamageRecord, etag) {
      const payload = Buffer.from(JSON.stringify(record));
      const bytes = sealObject(vault, 'damage', key, random.bytes(SALT_BYTES), payload);
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      return (await store.put(key, bytes, { when })).ok;
    },
    presence: () => lookForPresence(context),
    stillBroken: record => stillBroken(context, record),
    mendHead: atLeast => mendHead(context, atLeast),
    mendRoster: () => mendRoster(context),
    repairHead: options => repairHead(context, options),
  };
}

/** Points that are known to be broken. A reader who isn't shown the record goes on without it. */
export async function knownBroken(context: VmContext, onDamage?: OnDamage): Promise<PointId[]> {
  try {
    return (await damageStore(context).read(onDamage))?.record?.broken ?? [];
  } catch (error) {
    if (!onDamage || !failedWith(error, 'aws-access-denied', 'object-archived')) throw error;
    onDamage(error);
    return [];
  }
}
