import { currentList } from '../model/current-list.ts';
import type { SignalKind } from '../model/point.ts';
import type { Repository } from '../model/repository.ts';

/** Nothing of a VM is removed until then. */
export interface Hold {
  /** UUID of the VM. */
  vm: string;
  /** By the clock of the repository's store, ms since the epoch. */
  until: number;
  /** Since when. */
  at: number;
  /** A cycle said so, because of this. */
  why?: SignalKind;
}

const holds = currentList<Hold>('holds');

/** All holds of a repository, also those that are over. */
export const holdsIn = holds.read;

/** Until when nothing of a VM may be removed; undefined: it may. */
export const heldUntil = (all: readonly Hold[], uuid: string, now: number): number | undefined =>
  all.find(({ vm, until }) => vm === uuid && until > now)?.until;

/** A VM has one hold: that of the last who said so. */
export const hold = (repository: Repository, one: Hold): Promise<void> =>
  holds.change(repository, before => [...before.filter(({ vm }) => vm !== one.vm), one]);

export const release = (repository: Repository, uuid: string): Promise<void> =>
  holds.change(repository, before => before.filter(({ vm }) => vm !== uuid));
