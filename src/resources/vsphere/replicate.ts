import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import type { Asked } from '../../engine/model/resource-type.ts';
import type { CycleResult } from '../../replication/cycle/options.ts';
import type { KnownRepository, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { DueJob } from '../../replication/movers/due-jobs.ts';
import { sha256 } from '../../values/digest.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import { removeLeft } from './left-behind.ts';
import { lostRepository } from './lost-history.ts';
import type { ProtectedVmProperties } from './protection.ts';

/**
 * Has one cycle of a protected VM run by whoever moves VMs.
 *
 * @param options.due why and since when it is due; left out when it was asked for, due or not
 * @param options.rescan compare every block, whatever change tracking says
 * @param options.anew where a repository or points are gone that earlier runs know, begin again
 * @throws Failure as `runCycle`, and what connecting throws
 */
export async function replicate(
  { title, properties }: Pick<Asked<ProtectedVmProperties>, 'title' | 'properties'>,
  io: WriteIo,
  signal: AbortSignal = io.signal,
  options: { due?: Pick<DueJob, 'reason' | 'due'>; rescan?: boolean; anew?: boolean } = {},
): Promise<CycleResult> {
  const vsphere = await io.client('vsphere');
  const repositories = await io.client('repositories');
  const machine = await vsphere.machine(title);
  const ref = repositoryRef(properties.repository);
  const known = await repositories.known.at(ref.url);
  if (known && !options.anew) refuseLost(ref, known, await repositories.open(ref, 'read'));
  const repository = await repositories.open(ref, 'create');
  if (repository === undefined)
    throw new Failure(world('repository-not-found', `the repository ${ref.url} could not be made`));
  await repositories.known.note(ref, { id: repository.id });
  // What a cycle for another repository left would be in the way of this one.
  await removeLeft(machine, [ref], io, signal, repository.id);
  const job: DueJob = {
    target: await io.targetIdentity(),
    vm: machine.uuid,
    repository: repository.id,
    resource: sha256(canonicalJson({ title, properties })),
    ...(options.due ?? { reason: 'asked', due: io.clock.now() }),
  };
  const movers = await io.client('movers');
  const bundles = await io.client('bundles');
  const result = await movers.move(job, {
    machine,
    repository,
    bundles,
    policy: {
      quiesce: properties.quiesce ?? 'prefer',
      exclude: excluded(properties),
      rescan: options.rescan ?? false,
      anew: options.anew ?? false,
      seen: known?.id === repository.id ? known.generations : {},
    },
    clock: io.clock,
    random: io.random,
    step: io.step,
    progress: io.progress,
    signal,
  });
  await repositories.known.note(ref, {
    id: repository.id,
    generations: { [result.point.vm.uuid]: result.point.generation },
  });
  return result;
}

/** A repository that earlier runs know, and that is gone, is never begun anew in silence. */
function refuseLost(ref: RepositoryRef, known: KnownRepository, found: Repository | undefined): void {
  const gone = lostRepository(ref, known, found);
  if (gone !== undefined)
    throw new Failure(
      blocked('points-lost', gone, {
        hint: 'mount it, correct the URL, or bring the points back; to begin anew knowingly, --allow the address',
      }),
    );
}

/** The exclusions as the cycle takes them: what is all digits is a disk's number. */
export const excluded = ({ disks }: ProtectedVmProperties): (string | number)[] =>
  (disks?.exclude ?? []).map(entry => (/^\d+$/.test(entry) ? Number(entry) : entry));
