import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import type { Asked } from '../../engine/model/resource-type.ts';
import type { CycleResult } from '../../replication/cycle/options.ts';
import { runCycle } from '../../replication/cycle/run-cycle.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import type { ProtectedVmProperties } from './protection.ts';

/**
 * Runs one cycle of a protected VM, due or not.
 *
 * @param options.rescan compare every block, whatever change tracking says
 * @throws Failure as `runCycle`, and what connecting throws
 */
export async function replicate(
  { title, properties }: Pick<Asked<ProtectedVmProperties>, 'title' | 'properties'>,
  io: WriteIo,
  signal: AbortSignal = io.signal,
  options: { rescan?: boolean } = {},
): Promise<CycleResult> {
  const vsphere = await io.client('vsphere');
  const repositories = await io.client('repositories');
  const machine = await vsphere.machine(title);
  const ref = repositoryRef(properties.repository);
  const repository = await repositories.open(ref, 'create');
  if (repository === undefined)
    throw new Failure(world('repository-not-found', `the repository ${ref.url} could not be made`));
  return runCycle({
    machine,
    repository,
    policy: {
      quiesce: properties.quiesce ?? 'prefer',
      exclude: excluded(properties),
      rescan: options.rescan ?? false,
    },
    clock: io.clock,
    random: io.random,
    step: io.step,
    progress: io.progress,
    signal,
  });
}

/** The exclusions as the cycle takes them: what is all digits is a disk's number. */
export const excluded = ({ disks }: ProtectedVmProperties): (string | number)[] =>
  (disks?.exclude ?? []).map(entry => (/^\d+$/.test(entry) ? Number(entry) : entry));
