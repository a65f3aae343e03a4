import type { KnownRepository, RepositoryRef } from '../../replication/model/clients.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { lostRepository } from '../shared/lost-repository.ts';

/**
 * What is gone of a VM's recovery points that was there, as one sentence; undefined when nothing is known to
 * be missing. A VM that never had any is told from one that has lost them by what this state folder has seen,
 * and by the lease in the repository.
 */
export async function lostHistory(
  ref: RepositoryRef,
  uuid: string,
  known: KnownRepository | undefined,
  repository: Repository | undefined,
  newest: Point | undefined,
): Promise<string | undefined> {
  const gone = lostRepository(ref, known, repository);
  if (gone !== undefined || !repository) return gone;
  const seen = known?.generations[uuid] ?? 0;
  // The lease is asked where nothing is left to go by.
  const told = newest ? 0 : ((await repository.vm(uuid).lease.read())?.value.generation ?? 0);
  const generation = Math.max(seen, told);
  if (generation <= (newest?.generation ?? 0)) return undefined;
  const left = newest ? `the newest there is now is ${newest.generation}` : 'there is none now';
  return `${ref.url.written} had a recovery point of generation ${generation}, and ${left}: points were removed, or an older state was put back`;
}
