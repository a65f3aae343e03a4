import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { vmNames } from '../../replication/format/names.ts';
import type { VmStats } from '../../replication/prune/stats.ts';
import { rangeReader } from '../../replication/repository/read/ranges.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { withVms } from './with-repository.ts';

export interface RepositoryStats {
  url: string;
  vms: (VmStats & { uuid: string; name?: string })[];
  /** Bytes of all that is there, whoever it is of. */
  bytes: number;
}

/**
 * What a repository holds, of one VM or of all. One that can't be told of is a warning. Undefined when the
 * manifests have mistakes, which were told.
 */
export async function repositoryStats(
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions,
): Promise<RepositoryStats | undefined> {
  const { statsOf } = await import('../../replication/prune/stats.ts');
  return withVms(context, options, vm, async ({ repository, ref, clock }, vms, onDamage) => {
    const { store, vault, random } = repository.context;
    const now = clock.now() + (store.clockAhead?.() ?? 0);
    const all: RepositoryStats['vms'] = [];
    for (const one of vms) {
      const { uuid } = one;
      const names = vmNames(vault.vmKey(uuid));
      const of = { store, vault, random, uuid, names, ranges: rangeReader(store) };
      try {
        const name = (await one.newest(onDamage))?.vm.name;
        const stats = await statsOf(of, one, now, context.io.interrupt);
        all.push({ uuid, ...(name !== undefined && { name }), ...stats });
      } catch (error) {
        if (!(error instanceof Failure) || !failedWith(error, 'prune-doubt')) throw error;
        onDamage(error);
      }
    }
    let bytes = 0;
    for await (const { size } of store.list('')) bytes += size;
    return { url: ref.url.canonical, vms: all, bytes };
  });
}
