import { Failure } from '../../diagnostics/diagnostic.ts';
import { parseNumbered, type VmNames } from '../format/names.ts';
import { afterLook, type DamagedObject, type DamageRecord, type PointId } from '../model/damage-record.ts';
import type { DamageStore } from '../model/repository.ts';
import { damageStore } from '../repository/damage-store.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Findings, FoundObject } from './report.ts';

/** What of the findings a cycle can know of: nothing of what couldn't be looked at. */
export function damageIn(
  names: VmNames,
  found: readonly FoundObject[],
  points: readonly PointId[],
): { record: DamageRecord; unlooked: Set<string> } {
  const generations = new Map(points.map(({ id, generation }) => [id, generation]));
  const objects: DamagedObject[] = [];
  const broken = new Map<string, PointId>();
  const unlooked = new Set<string>();
  for (const one of found) {
    const object = inFolder(names, one.object);
    if (object === undefined) continue;
    if (one.kind === 'unreadable') unlooked.add(object);
    const why = whys[one.kind];
    if (why === undefined || besides.test(object)) continue;
    // Nobody needs it: there is nothing to heal.
    if (parts.test(object) && one.breaks.size + one.places.size === 0) continue;
    objects.push({
      ...{ object, why, since: 0 },
      ...(one.sections && { sections: [...one.sections].sort((a, b) => a - b) }),
      places: [...one.places].map(place => place.split('/').map(Number) as [number, number]),
    });
    for (const id of one.breaks) {
      const generation = generations.get(id) ?? parseNumbered(one.object)?.generation;
      if (generation !== undefined) broken.set(id, { generation, id });
    }
  }
  return { record: { damage: 1, objects, broken: [...broken.values()] }, unlooked };
}

/** Whoever writes these replaces what is damaged of them. */
const besides = /^(damage|checked|pruning|locks|removed\/.*)$/;

/** What points refer to; all else matters by being there. */
const parts = /^(packs|pages|index)\//;

const whys: Partial<Record<FoundObject['kind'], DamagedObject['why']>> = {
  missing: 'missing',
  damaged: 'damaged',
  inconsistent: 'damaged',
};

function inFolder({ folder, roster }: VmNames, key: string): string | undefined {
  if (key === roster) return 'roster';
  return key.startsWith(folder) && key.length > folder.length ? key.slice(folder.length) : undefined;
}

/**
 * Writes down what was found of one VM, so that no writer takes it as stored, and takes back what is proven
 * whole. Nothing is written where nothing is new. Answers with what is known now, and with what kept it from
 * being written.
 *
 * @param isLooked whether an object, by its key below the folder, was looked at in full
 * @param at ms since the epoch
 */
export async function noteDamage(
  vm: VmContext,
  before: Awaited<ReturnType<DamageStore['read']>>,
  found: Findings,
  points: readonly PointId[],
  isLooked: (object: string) => boolean,
  at: number,
): Promise<{ after: DamageRecord; failure?: Failure }> {
  const { record, unlooked } = damageIn(vm.names, found.objects(), points);
  const damage = damageStore(vm);
  const after = afterLook(before?.record, record, object => isLooked(object) && !unlooked.has(object), at);
  try {
    const isNew = JSON.stringify(after) !== JSON.stringify(before?.record ?? afterNothing);
    // Whoever wrote meanwhile has looked as well, or has healed; the next look tells.
    if (isNew) await damage.write(after, before?.etag);
    return { after };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { after, failure: error };
  }
}

const afterNothing: DamageRecord = { damage: 1, objects: [], broken: [] };
