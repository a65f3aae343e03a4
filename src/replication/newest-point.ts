import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { Point, Repository, VmRepository } from './repository.ts';

/** The newest complete point: the head's, or without a head the one of the highest generation. */
export async function newestPoint(vm: VmRepository): Promise<Point | undefined> {
  const current = await vm.head();
  return current ? vm.point(current.head.point) : (await vm.points()).at(-1);
}

/**
 * The VM of that name (in any case) or UUID; undefined when the repository has no point of one.
 *
 * @throws Failure `vm-ambiguous` when several have the name.
 */
export async function findVm(repository: Repository, nameOrUuid: string): Promise<VmRepository | undefined> {
  const wanted = nameOrUuid.toLowerCase();
  const found = (await repository.vms()).filter(
    ({ uuid, name }) => uuid.toLowerCase() === wanted || name.toLowerCase() === wanted,
  );
  if (found.length > 1)
    throw new Failure(
      given('vm-ambiguous', `the repository holds points of ${found.length} VMs called ${nameOrUuid}`, {
        hint: `give the UUID of one: ${found.map(({ uuid }) => uuid).join(', ')}`,
      }),
    );
  return found[0] && repository.vm(found[0].uuid);
}
