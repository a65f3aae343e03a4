import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { OnDamage, Repository, VmRepository } from './repository.ts';

/**
 * The VM of that UUID or name (in any case); undefined when the repository has no point of one. By UUID
 * no other VM is looked at; by name, VMs that can't be read are passed over and go to `onDamage`.
 *
 * @throws Failure `vm-ambiguous` when several have the name; without `onDamage` also what can't be read,
 *   unless the VM is found all the same.
 */
export async function findVm(
  repository: Repository,
  nameOrUuid: string,
  onDamage?: OnDamage,
): Promise<VmRepository | undefined> {
  const wanted = nameOrUuid.toLowerCase();
  for (const uuid of new Set([nameOrUuid, wanted])) {
    const vm = repository.vm(uuid);
    if (await vm.exists()) return vm;
  }
  const damage: Failure[] = [];
  const vms = await repository.vms(onDamage ?? (failure => damage.push(failure)));
  const found = called(nameOrUuid, vms);
  if (found) return repository.vm(found.uuid);
  if (damage[0]) throw damage[0];
  return undefined;
}

type Listed = Awaited<ReturnType<Repository['vms']>>[number];

/** @throws Failure `vm-ambiguous` */
function called(nameOrUuid: string, vms: readonly Listed[]): Listed | undefined {
  const wanted = nameOrUuid.toLowerCase();
  const found = vms.filter(
    ({ uuid, name }) => uuid.toLowerCase() === wanted || name.toLowerCase() === wanted,
  );
  if (found.length > 1)
    throw new Failure(
      given('vm-ambiguous', `the repository holds points of ${found.length} VMs called ${nameOrUuid}`, {
        hint: `give the UUID of one: ${found.map(({ uuid }) => uuid).join(', ')}`,
      }),
    );
  return found[0];
}

/** As `findVm` does without `onDamage`. */
export type FindVm = (repository: Repository, nameOrUuid: string) => Promise<VmRepository | undefined>;

/**
 * Finds many VMs, by name or UUID, with one listing of their repository: each that is asked for by itself
 * has all others read for its name. A VM whose first point is made after the listing isn't found.
 */
export function vmFinder(): FindVm {
  const listings = new Map<string, ReturnType<typeof listing>>();
  return async (repository, nameOrUuid) => {
    const key = `${repository.id} ${repository.store.url}`;
    const listed = listings.get(key) ?? listing(repository);
    listings.set(key, listed);
    const { vms, damage } = await listed;
    const found = called(nameOrUuid, vms);
    if (found) return repository.vm(found.uuid);
    for (const uuid of new Set([nameOrUuid, nameOrUuid.toLowerCase()])) {
      const vm = repository.vm(uuid);
      if (await vm.exists()) return vm;
    }
    if (damage[0]) throw damage[0];
    return undefined;
  };
}

async function listing(repository: Repository): Promise<{ vms: Listed[]; damage: Failure[] }> {
  const damage: Failure[] = [];
  return { vms: await repository.vms(failure => damage.push(failure)), damage };
}
