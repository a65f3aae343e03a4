import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { OnDamage, Point, Repository, VmRepository } from './repository.ts';

/** The newest complete point. `seen`: the highest generation that is known, if any. */
export const newestPoint = (vm: VmRepository, seen?: number): Promise<Point | undefined> =>
  vm.newest(undefined, seen);

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
  const found = vms.filter(
    ({ uuid, name }) => uuid.toLowerCase() === wanted || name.toLowerCase() === wanted,
  );
  if (found.length > 1)
    throw new Failure(
      given('vm-ambiguous', `the repository holds points of ${found.length} VMs called ${nameOrUuid}`, {
        hint: `give the UUID of one: ${found.map(({ uuid }) => uuid).join(', ')}`,
      }),
    );
  if (found[0]) return repository.vm(found[0].uuid);
  if (damage[0]) throw damage[0];
  return undefined;
}
