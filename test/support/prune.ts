import { vmNames } from '../../src/replication/format/names.ts';
import { pruneVm, type VmPruned } from '../../src/replication/prune/prune-vm.ts';
import { GRACE, type PruneVmOptions } from '../../src/replication/prune/work.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { rangeReader } from '../../src/replication/repository/read/ranges.ts';
import type { VmContext } from '../../src/replication/repository/read/repository-context.ts';
import { VM } from './repository.ts';

export const contextOf = ({ context, store }: OpenRepository, uuid = VM.uuid): VmContext => ({
  ...context,
  uuid,
  names: vmNames(context.vault.vmKey(uuid)),
  ranges: rangeReader(store),
});

/** One run of a pruner over the test's VM. */
export const pruneOnce = (
  repository: OpenRepository,
  options: Partial<PruneVmOptions> & { uuid?: string } = {},
): Promise<VmPruned> =>
  pruneVm(contextOf(repository, options.uuid), repository.vm(options.uuid ?? VM.uuid), {
    policy: undefined,
    grace: GRACE,
    dry: false,
    now: 0,
    pins: async () => new Map(),
    step: async () => {},
    ...options,
  });
