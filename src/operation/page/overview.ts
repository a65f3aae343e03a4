import type { State, VmStatus } from '../model.ts';
import { isBreached } from '../status.ts';
import { byState, callingOf, WORST_FIRST } from '../words.ts';

/** What the page says about all VMs together. */
export interface Overview {
  byState: ReadonlyMap<State, readonly VmStatus[]>;
  worstFirst: readonly VmStatus[];
  breached: number;
  /** What each is called, see `callingOf`. */
  called: ReturnType<typeof callingOf>;
  /** How many a repository holds, by its URL. */
  held: ReadonlyMap<string, number>;
  /** One VM of each test of a recovery plan. */
  rehearsed: readonly VmStatus[];
}

const known = new WeakMap<readonly VmStatus[], Overview>();

/**
 * All of it, once for each look at the VMs: several pages may be made of one look, and of ten thousand VMs
 * each time that all are gone through is felt.
 */
export function overviewOf(vms: readonly VmStatus[]): Overview {
  const before = known.get(vms);
  if (before) return before;
  const found = byState(vms);
  const held = new Map<string, number>();
  const rehearsed = new Map<string, VmStatus>();
  let breached = 0;
  for (const vm of vms) {
    const { repository, rehearsal } = vm;
    if (isBreached(vm)) breached++;
    held.set(repository, (held.get(repository) ?? 0) + 1);
    if (rehearsal) rehearsed.set(`${repository} ${rehearsal.plan} ${rehearsal.number}`, vm);
  }
  const all: Overview = {
    byState: found,
    worstFirst: WORST_FIRST.flatMap(state => found.get(state) ?? []),
    ...{ breached, called: callingOf(vms), held, rehearsed: [...rehearsed.values()] },
  };
  known.set(vms, all);
  return all;
}
