import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import type { Clock } from '../../io/ports.ts';
import { findLeftovers, removeLeftovers } from '../../replication/cycle/cycle-leftovers.ts';
import { describeSnapshot, knownOrRemoved, removal } from '../../replication/cycle/in-the-way.ts';
import { repositoryOf, short } from '../../replication/cycle/snapshot-name.ts';
import type { KnownRepository, Repositories, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { SourceMachine, SourceSnapshot, SourceVm } from '../../replication/model/source.ts';

/** Snapshots that dead cycles of one repository left at a VM. */
export interface Leftovers {
  ref: RepositoryRef;
  repository: Repository;
  snapshots: SourceSnapshot[];
}

export interface LeftBehind {
  leftovers: Leftovers[];
  /**
   * Snapshots of ours of which it can't be told whether their cycle still runs, with what to do about them.
   */
  unclear: Diagnostic[];
}

/**
 * What dead cycles left at a VM, by repository: those that are named, and those that earlier runs from here
 * have seen, such as the one that it was protected in before. Of no other can the lease be looked at.
 */
export async function leftBehind(
  vm: SourceVm,
  named: readonly RepositoryRef[],
  repositories: Repositories,
  clock: Clock,
): Promise<LeftBehind> {
  const unexplained = new Set(vm.snapshots.filter(({ name }) => repositoryOf(name, vm.uuid) !== undefined));
  const leftovers: Leftovers[] = [];
  const unclear: Diagnostic[] = [];
  if (unexplained.size === 0) return { leftovers, unclear };
  const of = (id: string) => [...unexplained].filter(({ name }) => repositoryOf(name, vm.uuid) === short(id));
  const known = (await repositories.known.all()).filter(({ id }) => of(id).length > 0);
  for (const ref of [
    ...named,
    ...known.filter(one => named.every(({ url }) => url !== one.url)).map(refOf),
  ]) {
    const before = known.find(({ url }) => url === ref.url);
    const open = await opened(ref, repositories);
    if (open instanceof Failure || open === undefined) {
      const lost = before ? of(before.id) : [];
      for (const one of lost) unexplained.delete(one);
      unclear.push(...lost.map(one => unreachable(vm, one, ref, open)));
      continue;
    }
    const snapshots = await findLeftovers(vm, open, { clock });
    for (const one of of(open.id)) unexplained.delete(one);
    if (snapshots.length > 0) leftovers.push({ ref, repository: open, snapshots });
  }
  return { leftovers, unclear: [...unclear, ...[...unexplained].map(one => unknown(vm, one))] };
}

const refOf = ({ url, target, key }: KnownRepository): RepositoryRef => ({
  url,
  ...(target !== undefined && { target }),
  ...(key !== undefined && { key }),
});

/** A repository that can't be opened keeps nobody from looking at the others. */
async function opened(
  ref: RepositoryRef,
  repositories: Repositories,
): Promise<Repository | Failure | undefined> {
  try {
    return await repositories.open(ref, 'read');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error;
  }
}

/** What the next apply removes. */
export const isLeft = (vm: SourceVm, snapshot: SourceSnapshot): Diagnostic =>
  world(
    'snapshot-left',
    `${vm.name} has ${describeSnapshot(vm, snapshot)}, which a cycle left when it died`,
    { hint: 'the next apply removes it, whether a point is due or not' },
  );

const unclearly = (message: string, hint: string): Diagnostic => ({
  ...world('snapshot-unclear', message, { hint }),
  severity: 'warning',
});

const unknown = (vm: SourceVm, snapshot: SourceSnapshot): Diagnostic =>
  unclearly(
    `${vm.name} has ${describeSnapshot(vm, snapshot)}: this state folder doesn't know that repository, so it can't be told whether the cycle still runs`,
    knownOrRemoved(vm, snapshot),
  );

function unreachable(
  vm: SourceVm,
  snapshot: SourceSnapshot,
  { url }: RepositoryRef,
  failure: Failure | undefined,
): Diagnostic {
  const why = failure ? failure.diagnostics[0]!.message : `there is no repository at ${url} any more`;
  return unclearly(
    `${vm.name} has ${describeSnapshot(vm, snapshot)}, and whether its cycle still runs can't be told: ${why}`,
    `mend that, and the next apply removes it unless its cycle runs; if ${url} is gone for good: ${removal(vm, snapshot)}`,
  );
}

/**
 * Removes them, each under the lease of its repository. `but`: the id of a repository whose next cycle does
 * it. Answers with their names.
 */
export async function removeLeft(
  machine: SourceMachine,
  named: readonly RepositoryRef[],
  io: WriteIo,
  signal: AbortSignal,
  but?: string,
): Promise<string[]> {
  const repositories = await io.client('repositories');
  if (but !== undefined && (await repositories.known.all()).every(({ id }) => id === but)) return [];
  const { leftovers } = await leftBehind(await machine.inspect(signal), named, repositories, io.clock);
  const { clock, random, step } = io;
  const removed: string[] = [];
  for (const { repository } of leftovers.filter(one => one.repository.id !== but))
    removed.push(...(await removeLeftovers({ machine, repository, clock, random, step, signal })));
  return removed;
}
