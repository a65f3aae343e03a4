import { failedWith } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { Repository } from '../model/repository.ts';
import type { SourceSnapshot, SourceVm } from '../model/source.ts';
import { clockOf } from '../model/store.ts';
import { type Holders, localHolders } from './holders.ts';
import { holding } from './lease.ts';
import { recover } from './prepare.ts';
import { ownEpoch } from './snapshot-name.ts';
import { type LeaseOptions, withLease } from './with-lease.ts';

/**
 * Snapshots that dead cycles of this VM and repository left behind. While a cycle holds the lease there are
 * none: what is there is its own, or removed by it.
 */
export async function findLeftovers(
  vm: SourceVm,
  repository: Repository,
  { clock, holders = localHolders }: { clock: Clock; holders?: Holders },
): Promise<SourceSnapshot[]> {
  const of = { vm: vm.uuid, repository: repository.id };
  const ours = vm.snapshots.filter(({ name }) => ownEpoch(name, of) > 0);
  if (ours.length === 0) return [];
  // Of a lease that can't be read it can't be told whether a cycle has it; the next one sees to that.
  const found = await repository.vm(vm.uuid).lease.read().catch(unlessDamaged);
  if (found === 'damaged') return [];
  return (await holding(found, { clock: clockOf(repository.store, clock), holders })) ? [] : ours;
}

function unlessDamaged(error: unknown): 'damaged' {
  if (!failedWith(error, 'damaged-object')) throw error;
  return 'damaged';
}

/**
 * Removes them without making a point: takes the lease, which raises the epoch, and gives it up again.
 * Answers with the names of what was removed.
 *
 * @throws Failure as taking the lease and removing a snapshot do
 */
export async function removeLeftovers(options: LeaseOptions): Promise<string[]> {
  const { value } = await withLease(options, async ({ lease, signal }) => {
    const removed: string[] = [];
    await recover({ ...options, signal }, lease.epoch, (_, name) => removed.push(name));
    return { value: removed };
  });
  return value;
}
