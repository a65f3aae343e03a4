import { ageOf, type ReplicaAge } from '../../recovery/replica/age.ts';
import { replicaOf } from '../../recovery/replica/build.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Recovering } from './open/with-declared.ts';

/** How old the replicas of these VMs are. Those that the repository holds nothing of have none. */
export const agesOf = (
  { cloud, clock, find }: Recovering,
  repository: Repository,
  vms: readonly string[],
  signal: AbortSignal,
): Promise<ReplicaAge[]> =>
  Promise.all(
    vms.map(async vm => {
      const found = await find(repository, vm);
      if (!found) return { vm, behind: 0 };
      const [points, known] = await Promise.all([
        found.points(() => {}),
        replicaOf(cloud.snapshots, repository.id, found.uuid, signal),
      ]);
      return ageOf(vm, known, points, clock.now());
    }),
  );
