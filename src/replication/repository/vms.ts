import { pipelined } from '../model/pipelined.ts';
import type { OnDamage } from '../model/repository.ts';
import type { Context } from './read/repository-context.ts';
import { enrolled } from './read/roster.ts';
import { vmRepository } from './vm.ts';

/** VMs that are read side by side: each takes two requests. */
const READS = 16;

/** VMs with at least one complete point, with the name in the newest, by name; see `Repository.vms`. */
export async function listVms(
  context: Context,
  onDamage?: OnDamage,
): Promise<{ uuid: string; name: string }[]> {
  const vms: { uuid: string; name: string }[] = [];
  const nameOf = async (uuid: string) => {
    const newest = await vmRepository(context, uuid).newest(onDamage);
    return newest && { uuid, name: newest.vm.name };
  };
  for await (const vm of pipelined(enrolled(context, onDamage), READS, nameOf)) if (vm) vms.push(vm);
  return vms.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.uuid < b.uuid ? -1 : 1));
}
