import { selectedKey } from '../../../engine/guard/agent-key.ts';
import type { Address } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { heldMembers } from '../site/members.ts';
import type { Site } from '../site/site.ts';
import type { HeldBack } from './take-up.ts';

/** How many VMs a selection means, and at most so far. */
export interface Count {
  now: number;
  most: number;
}

/**
 * What each selection of protected VMs means, as it was last looked at. One that nobody could list goes on as
 * it was.
 *
 * @param memory keeps the most over restarts, until `apply --allow` removes it; undefined: nothing is kept
 */
export async function countSelected(
  { catalog, resources }: Pick<Site, 'catalog' | 'resources'>,
  memory: Pick<EngineMemory, 'get' | 'set'> | undefined,
): Promise<Map<Address, Count>> {
  const counts = new Map<Address, Count>();
  const held = memory ? heldMembers(catalog, resources, memory) : new Map<Address, string[]>();
  for (const { type, address, select } of catalog.resources) {
    if (type !== 'protected_vm' || select === undefined) continue;
    const before = Number(memory?.get(selectedKey(address)) ?? 0);
    const isListed = !resources.some(one => one.address === address && one.select !== undefined);
    if (!isListed && before === 0) continue;
    const members = resources.filter(one => one.selectedBy === address).length;
    const now = isListed ? members - (held.get(address)?.length ?? 0) : before;
    const most = Math.max(now, before);
    counts.set(address, { now, most });
    if (most > before) await memory?.set(selectedKey(address), most);
  }
  return counts;
}

/** Selections that mean fewer VMs since they were changed, which go on with those that they meant before. */
export const heldSelections = (
  { catalog, resources }: Pick<Site, 'catalog' | 'resources'>,
  memory: Pick<EngineMemory, 'get'>,
): HeldBack[] =>
  [...heldMembers(catalog, resources, memory)].map(([address, titles]) => ({
    address,
    why: [`\`select\` was changed and lets go of ${titles.join(', ')}`],
  }));
