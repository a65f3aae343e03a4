import { failedWith } from '../../diagnostics/diagnostic.ts';
import type { Clock, Random } from '../../io/ports.ts';
import { parseNumbered } from '../format/names.ts';
import { pendingOf } from '../model/damage-record.ts';
import type { LeaseValue } from '../model/lease-value.ts';
import type { HeadRepair, Repository, VmRepository } from '../model/repository.ts';
import { takeBack } from './heal.ts';
import type { Holders } from './holders.ts';
import { withBriefLease } from './with-lease.ts';

/** What was done to a VM of a repository, and what is left to do. */
export interface Repaired {
  uuid: string;
  /** What was written anew. */
  wrote: ('lease' | 'roster' | 'head' | 'point')[];
  /** Neither a lease nor a head nor a point of it was there, though the roster has it. */
  isGone?: true;
  /** Why the head could not be put in order. */
  head: HeadRepair;
  /** Keys, below the VM's folder, of what is known to be damaged and that the next cycle stores again. */
  pending: string[];
  /** Ids of points that stay broken: the source has other content by now. */
  broken: string[];
}

/**
 * Puts in order what needs no source: the object in the roster, a lease that can't be read, the head and that
 * of the newest point, each from what is left. Nothing is removed. Killed anywhere, it is run again.
 *
 * @param rebuildHead make the head from the newest point that can be read, whatever it said
 * @throws Failure `lease-held`, `lease-damaged`, blocked: a cycle may be at work
 */
export async function repairVm(
  repository: Repository,
  vm: VmRepository,
  options: {
    clock: Clock;
    random: Random;
    holders?: Holders;
    rebuildHead: boolean;
    /** The highest generation that was seen from here. */
    seen?: number;
    step(name: string): Promise<void>;
  },
): Promise<Repaired> {
  const { rebuildHead, seen = 0, step } = options;
  const before = await leaseIn(vm);
  const points = await vm.points(() => {});
  const epoch = Math.max(0, ...points.map(one => one.epoch));
  const generation = Math.max(0, ...points.map(one => one.generation));
  return withBriefLease(repository, vm, { ...options, what: 'repair', epoch }, async () => {
    await step('roster');
    const roster = await vm.damage.mendRoster();
    // Where neither the lease nor this place knows, the head may have held one more than the points.
    const known = Math.max(before?.generation ?? 0, seen) || generation + 1;
    const head = await vm.damage.repairHead({ known, rebuild: rebuildHead, step });
    const wroteAnew = (object: string) =>
      (object === 'roster' && roster) ||
      (object === 'lease' && !before) ||
      (object === 'head' && head.did === 'head-written') ||
      (head.did === 'point-written' &&
        object.startsWith('points/') &&
        parseNumbered(object)?.generation === head.generation);
    const record = await takeBack(vm, wroteAnew);
    // Why the head can't be put in order is said by itself, with its own way out.
    const toStore = (object: string) => object !== 'head' || !head.left;
    const isGone = !before && points.length === 0 && head.did === 'nothing' && !head.left;
    const value: Repaired = {
      uuid: vm.uuid,
      ...(isGone && { isGone }),
      wrote: [
        ...(before ? [] : ['lease' as const]),
        ...(roster ? ['roster' as const] : []),
        ...(head.did === 'head-written' ? ['head' as const] : []),
        ...(head.did === 'point-written' ? ['point' as const] : []),
      ],
      head,
      pending: record
        ? pendingOf(record)
            .map(({ object }) => object)
            .filter(toStore)
        : [],
      broken: record?.broken.map(({ id }) => id) ?? [],
    };
    const newest = head.left ? undefined : (head.generation ?? generation);
    return { value, generation: newest || undefined };
  });
}

async function leaseIn({ lease }: VmRepository): Promise<LeaseValue | undefined> {
  try {
    return (await lease.read())?.value;
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    return undefined;
  }
}
