import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { vmNames } from '../format/names.ts';
import type { OnDamage } from '../model/repository.ts';
import type { OpenRepository } from '../repository/open-repository.ts';
import { rangeReader } from '../repository/read/ranges.ts';
import { heldUntil, holdsIn } from '../retention/holds.ts';
import { policiesInForce } from '../retention/in-force.ts';
import { pinned } from '../retention/pins.ts';
import type { Retention } from '../retention/policy.ts';
import { pruneVm, type VmPruned } from './prune-vm.ts';
import type { Compacting, PruneVmOptions } from './work.ts';

/** What is declared of a VM's points. */
export interface Rule {
  /** Undefined: all of them stay. */
  retention: Retention | undefined;
  /** It was said for this run, whatever was applied before. */
  isForced?: boolean;
}

export interface PruneOptions extends Pick<PruneVmOptions, 'grace' | 'dry' | 'now' | 'step' | 'signal'> {
  /** Undefined: nothing says which points of the VM may go, and what others marked is left to them. */
  ruleOf(vm: { uuid: string; name: string | undefined }): Rule | undefined;
  /** UUID of the one VM; all when left out. */
  vm?: string;
  onDamage: OnDamage;
  /** A VM of which it can't be told what its points need: it is left alone. */
  onUntouched(vm: { uuid: string; name: string | undefined }, why: Failure): void;
  /**
   * How packs are written anew of which less than half is needed; undefined: they aren't. `bytes`: of blocks
   * that are moved at most, all VMs together.
   */
  compacting?: Omit<Compacting, 'repository'>;
}

export interface PrunedVm extends VmPruned {
  /** That of its newest point. */
  name?: string;
  policy?: Retention;
  /** Whether something was declared of it. */
  ruled: boolean;
  /** Until when it is held. */
  held?: number;
}

/**
 * Prunes VM after VM.
 *
 * @throws Failure `prune-raced` (blocked)
 */
export async function pruneRepository(
  repository: OpenRepository,
  options: PruneOptions,
): Promise<PrunedVm[]> {
  const { onDamage, onUntouched, ruleOf, vm: only, compacting, ...rest } = options;
  let left = compacting?.bytes ?? 0;
  const [holdsFirst, pinnedFirst] = [await holdsIn(repository), await pinned(repository)];
  const allInForce = await policiesInForce(repository);
  const pruned: PrunedVm[] = [];
  for (const uuid of only === undefined ? await repository.enrolled(onDamage) : [only]) {
    options.signal?.throwIfAborted();
    const vm = repository.vm(uuid);
    const { context } = repository;
    const names = vmNames(context.vault.vmKey(uuid));
    const pinsNow = firstThen(pinnedFirst, () => pinned(repository));
    const pins = async () => {
      const of = new Map<string, string[]>();
      for (const { vm: whose, point, holder } of await pinsNow())
        if (whose === uuid) of.set(point, [...(of.get(point) ?? []), holder]);
      return of;
    };
    const holdsNow = firstThen(holdsFirst, () => holdsIn(repository));
    // What is damaged is said by whoever it keeps from pruning.
    const name = (await vm.newest(() => {}))?.vm.name;
    try {
      const rule = ruleOf({ uuid, name });
      const policy = rule?.retention;
      const inForce = rule && !rule.isForced ? allInForce.get(uuid) : undefined;
      const held = heldUntil(holdsFirst, uuid, options.now);
      const made = await pruneVm({ ...context, uuid, names, ranges: rangeReader(context.store) }, vm, {
        ...rest,
        ...{ policy, inForce, pins, unruled: rule === undefined },
        held: async () => heldUntil(await holdsNow(), uuid, options.now),
        ...(compacting && { compacting: { ...compacting, repository, bytes: left } }),
      });
      left = Math.max(0, left - (made.compacted?.moved ?? 0));
      pruned.push({
        ...made,
        ...(name !== undefined && { name }),
        ...(policy && { policy }),
        ruled: rule !== undefined,
        ...(held !== undefined && { held }),
      });
    } catch (error) {
      if (!(error instanceof Failure) || !failedWith(error, 'prune-doubt')) throw error;
      onUntouched({ uuid, name }, error);
    }
  }
  return pruned;
}

/** What was read for all VMs at first, and from then on what is there. */
function firstThen<T>(first: T, read: () => Promise<T>): () => Promise<T> {
  let known: { value: T } | undefined = { value: first };
  return async () => {
    const value = known ? known.value : await read();
    known = undefined;
    return value;
  };
}
