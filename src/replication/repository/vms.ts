import type { OnDamage } from '../model/repository.ts';
import type { Context } from './read/repository-context.ts';
import { enrolled } from './read/roster.ts';
import { vmRepository } from './vm.ts';

/** VMs with at least one complete point, with the name in the newest, by name; see `Repository.vms`. */
export async function listVms(
  context: Context,
  onDamage?: OnDamage,
): Promise<{ uuid: string; name: string }[]> {
  const vms: { uuid: string; name: string }[] = [];
  for await (const uuid of enrolled(context, onDamage)) {
    const newest = await vmRepository(context, uuid).newest(onDamage);
    if (newest) vms.push({ uuid, name: newest.vm.name });
  }
  return vms.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.uuid < b.uuid ? -1 : 1));
}
