import { currentList } from '../replication/model/current-list.ts';
import type { Repository } from '../replication/model/repository.ts';
import type { Pause } from './model.ts';

const pauses = currentList<Pause>('pauses');

/** All that were ever begun and that nobody has ended; those whose time is over among them. */
export const pausesIn = pauses.read;

/** Begins a pause, in the place of one that the VM has; those whose time is over are dropped. */
export const pause = (repository: Repository, begun: Pause): Promise<void> =>
  pauses.change(repository, before => [
    ...before.filter(({ vm, until }) => vm !== begun.vm && (until === undefined || until > begun.at)),
    begun,
  ]);

/** Ends the pause of a VM, if it has one. */
export const resume = (repository: Repository, uuid: string): Promise<void> =>
  pauses.change(repository, before => before.filter(({ vm }) => vm !== uuid));
