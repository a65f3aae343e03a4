import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import type { VmStats } from '../../replication/prune/stats.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { withVms } from './with-repository.ts';

export interface RepositoryStats {
  url: string;
  vms: (VmStats & { uuid: string; name?: string })[];
  /** Of which it can't be told what their points need. */
  untold: { uuid: string; name: string | undefined; why: Failure }[];
  /** Bytes of all that is there, whoever it is of. */
  bytes: number;
}

/**
 * What a repository holds, of one VM or of all. One whose needs can't be told is a warning. Undefined when
 * the manifests have mistakes, which were told.
 */
export async function repositoryStats(
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions,
): Promise<RepositoryStats | undefined> {
  const { statsOf } = await import('../../replication/prune/stats.ts');
  return withVms(context, options, vm, async ({ repository, ref, clock }, vms, onDamage) => {
    const { store } = repository;
    const now = clock.now() + (store.clockAhead?.() ?? 0);
    const all: RepositoryStats['vms'] = [];
    const untold: RepositoryStats['untold'] = [];
    for (const one of vms) {
      const { uuid } = one;
      const name = (await one.newest(() => {}))?.vm.name;
      try {
        const stats = await statsOf(repository, one, now, context.io.interrupt);
        all.push({ uuid, ...(name !== undefined && { name }), ...stats });
      } catch (error) {
        if (!(error instanceof Failure) || !failedWith(error, 'prune-doubt')) throw error;
        onDamage(error);
        untold.push({ uuid, name, why: error });
      }
    }
    let bytes = 0;
    for await (const { size } of store.list('')) bytes += size;
    return { url: ref.url.canonical, vms: all, untold, bytes };
  });
}

/**
 * Bytes of these VMs that nothing needs.
 *
 * @param now by the store's clock
 * @throws Failure `prune-doubt` where it can't be told
 */
export async function deadOf(
  repository: OpenRepository,
  vms: readonly { uuid: string }[],
  now: number,
): Promise<number> {
  const { statsOf } = await import('../../replication/prune/stats.ts');
  let dead = 0;
  for (const { uuid } of vms) dead += (await statsOf(repository, repository.vm(uuid), now)).dead;
  return dead;
}
