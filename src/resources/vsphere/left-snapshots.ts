import type { WriteIo } from '../../engine/model/io.ts';
import type { Clock } from '../../io/ports.ts';
import { findLeftovers, removeLeftovers } from '../../replication/cycle/leftovers.ts';
import { repositoryOf, short } from '../../replication/cycle/snapshot-name.ts';
import type { Repositories, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { SourceMachine, SourceSnapshot, SourceVm } from '../../replication/model/source.ts';

/** Snapshots that dead cycles of one repository left at a VM. */
export interface Leftovers {
  repository: Repository;
  snapshots: SourceSnapshot[];
}

/**
 * What dead cycles left at a VM, by repository: its own, and those that earlier runs from here have written to,
 * such as the one that it was protected in before. Of no other can the lease be looked at.
 */
export async function leftoversOf(
  vm: SourceVm,
  own: RepositoryRef | undefined,
  repositories: Repositories,
  clock: Clock,
): Promise<Leftovers[]> {
  const ids = new Set(vm.snapshots.flatMap(({ name }) => repositoryOf(name, vm.uuid) ?? []));
  if (ids.size === 0) return [];
  const known = (await repositories.known.all()).filter(({ id }) => ids.has(short(id)));
  const refs = [...(own ? [own] : []), ...known.filter(({ url }) => url !== own?.url)];
  const found: Leftovers[] = [];
  for (const { url, target, key } of refs) {
    const ref = { url, ...(target !== undefined && { target }), ...(key !== undefined && { key }) };
    const repository = await repositories.open(ref, 'read');
    const snapshots = repository ? await findLeftovers(vm, repository, { clock }) : [];
    if (repository && snapshots.length > 0) found.push({ repository, snapshots });
  }
  return found;
}

/**
 * Removes them, each under the lease of its repository. `but`: the id of a repository whose next cycle does it.
 * Answers with their names.
 */
export async function removeLeft(
  machine: SourceMachine,
  own: RepositoryRef | undefined,
  io: WriteIo,
  signal: AbortSignal,
  but?: string,
): Promise<string[]> {
  const repositories = await io.client('repositories');
  if (but !== undefined && (await repositories.known.all()).every(({ id }) => id === but)) return [];
  const left = await leftoversOf(await machine.inspect(signal), own, repositories, io.clock);
  const removed: string[] = [];
  for (const { repository } of left.filter(one => one.repository.id !== but))
    removed.push(
      ...(await removeLeftovers({
        machine,
        repository,
        clock: io.clock,
        random: io.random,
        step: io.step,
        signal,
      })),
    );
  return removed;
}
