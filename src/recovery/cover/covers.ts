import { currentList } from '../../replication/model/current-list.ts';
import type { OnDamage, Repository } from '../../replication/model/repository.ts';

/** What protects a VM that lives in AWS: snapshots of its volumes there. */
export interface Cover {
  /** UUID of the VM. */
  vm: string;
  /** When the newest whole set of them was taken, milliseconds since the epoch. */
  at: number;
  /** How often one is, milliseconds. */
  every: number;
  /** Volumes that are attached to it and that the set hasn't: what they hold is protected by nothing. */
  lacks?: string[];
}

export const covers = currentList<Cover>('covers');

/** Those of a repository, for whoever says how its VMs are protected; none of them keeps anything. */
export const coversIn = (repository: Repository, onDamage: OnDamage = () => {}): Promise<Cover[]> =>
  covers.known(repository, onDamage);

/** Notes the newest one of a VM, in the place of the one before. */
export const noteCover = (repository: Repository, cover: Cover): Promise<void> =>
  covers.change(repository, before => [...before.filter(({ vm }) => vm !== cover.vm), cover]);
