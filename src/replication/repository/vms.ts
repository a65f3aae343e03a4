import type { Context } from './context.ts';
import { enrolled } from './roster.ts';
import { vmRepository } from './vm.ts';

/** VMs with at least one complete point, with the name in the newest, by name. */
export async function listVms(context: Context): Promise<{ uuid: string; name: string }[]> {
  const vms: { uuid: string; name: string }[] = [];
  for await (const uuid of enrolled(context)) {
    const newest = await vmRepository(context, uuid).newest();
    if (newest) vms.push({ uuid, name: newest.vm.name });
  }
  return vms.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.uuid < b.uuid ? -1 : 1));
}
