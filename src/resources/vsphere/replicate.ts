import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import type { Asked } from '../../engine/model/resource-type.ts';
import type { CycleOptions, CycleResult } from '../../replication/cycle/options.ts';
import type { KnownRepository, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Due, DueJob } from '../../replication/movers/due-jobs.ts';
import { sha256 } from '../../values/digest.ts';
import { LOST_HINT, lostRepository } from '../shared/lost-repository.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import { removeLeft } from './left-behind.ts';
import type { ProtectedVmProperties } from './protection.ts';

/** A job, and what this process knows of the cycle that it asks for. */
export interface PreparedJob {
  job: DueJob;
  cycle: CycleOptions;
  ref: RepositoryRef;
}

/** Why a cycle is run, and how. */
export interface CycleWish {
  /** Why and since when it is due; left out when it was asked for, due or not. */
  due?: Due;
  /** Compare every block, whatever change tracking says. */
  rescan?: boolean;
  /** Store every block anew, whatever the repository holds. */
  full?: boolean;
  /** Where a repository or points are gone that earlier runs know, begin again. */
  anew?: boolean;
  /** See `CycleOptions`. */
  mayBeLong?: () => boolean;
}

/**
 * Makes the job of a protected VM: its repository is there afterwards, and no snapshot of ours is in the way.
 *
 * @throws Failure what connecting throws; `points-lost`, `repository-not-found`; `failed-over`, blocked
 */
export async function prepareJob(
  { title, properties }: Pick<Asked<ProtectedVmProperties>, 'title' | 'properties'>,
  io: WriteIo,
  signal: AbortSignal = io.signal,
  { due, rescan = false, full = false, anew = false, mayBeLong }: CycleWish = {},
): Promise<PreparedJob> {
  const vsphere = await io.client('vsphere');
  const repositories = await io.client('repositories');
  const machine = await vsphere.machine(title);
  const ref = repositoryRef(properties.repository);
  const known = await repositories.known.at(ref.url);
  if (known && !anew) refuseLost(ref, known, await repositories.open(ref, 'read'));
  const repository = await repositories.open(ref, 'create');
  if (repository === undefined)
    throw new Failure(world('repository-not-found', `the repository ${ref.url.written} could not be made`));
  await repositories.known.note(ref, { id: repository.id });
  // What a cycle for another repository left would be in the way of this one.
  await removeLeft(machine, [ref], io, signal, repository.id);
  const now = io.clock.now();
  const job: DueJob = {
    target: await io.targetIdentity(),
    vm: machine.uuid,
    repository: repository.id,
    resource: sha256(canonicalJson({ title, properties })),
    ...(due ?? { reason: 'asked', due: now, deadline: now }),
  };
  const cycle: CycleOptions = {
    machine,
    repository,
    bundles: await io.client('bundles'),
    policy: {
      quiesce: properties.quiesce ?? 'prefer',
      exclude: excluded(properties),
      rescan,
      full,
      anew,
      seen: known?.id === repository.id ? known.generations : {},
    },
    clock: io.clock,
    random: io.random,
    step: io.step,
    progress: io.progress,
    ...(mayBeLong && { mayBeLong }),
    signal,
  };
  return { job, cycle, ref };
}

/**
 * Has the cycle of a job run by whoever moves VMs.
 *
 * @throws Failure as `runCycle`
 */
export async function move({ job, cycle, ref }: PreparedJob, io: WriteIo): Promise<CycleResult> {
  const movers = await io.client('movers');
  const result = await movers.move(job, cycle);
  const { known } = await io.client('repositories');
  const generations = { [result.point.vm.uuid]: result.point.generation };
  try {
    await known.note(ref, { id: job.repository, generations });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // The point is there: whoever was told that it isn't would look for what is wrong with the VM.
    const unkept = error.diagnostics.map(one => ({ ...one, severity: 'warning' as const }));
    return { ...result, warnings: [...result.warnings, ...unkept] };
  }
  return result;
}

/** A repository that earlier runs know, and that is gone, is never begun anew in silence. */
function refuseLost(ref: RepositoryRef, known: KnownRepository, found: Repository | undefined): void {
  const gone = lostRepository(ref, known, found);
  if (gone !== undefined) throw new Failure(blocked('points-lost', gone, { hint: LOST_HINT }));
}

/** The exclusions as the cycle takes them: what is all digits is a disk's number. */
export const excluded = ({ disks }: ProtectedVmProperties): (string | number)[] =>
  (disks?.exclude ?? []).map(entry => (/^\d+$/.test(entry) ? Number(entry) : entry));
