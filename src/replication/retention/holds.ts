import { currentList } from '../model/current-list.ts';
import { FOREVER } from '../model/object-lock.ts';
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
  /** A cycle said so, because of this; `damaged`: what was held can't be read, so it may have been. */
  why?: SignalKind | 'damaged';
}

/** Of every VM: what is to be kept of them can't be told any more, until somebody looks and ends that. */
const holdsOfAll = async (repository: Repository, entries: Hold[]): Promise<Hold[]> => {
  const isHeld = (vm: string) => entries.some(one => one.vm === vm && one.why === 'damaged');
  const free = (await repository.enrolled(() => {})).filter(vm => !isHeld(vm));
  return [...entries, ...free.map((vm): Hold => ({ vm, until: FOREVER, at: 0, why: 'damaged' }))];
};

export const holds = currentList<Hold>('holds', holdsOfAll);

/** All holds of a repository, also those that are over: asked by everything that removes something. */
export const holdsIn = holds.read;

/** The same for whoever shows them: see `CurrentList`. */
export const holdsKnown = holds.known;

/** Holds every VM, since it can't be told what of them is to be kept. */
export async function holdAll(repository: Repository): Promise<void> {
  const all = await holdsOfAll(repository, []);
  await holds.change(repository, before => [
    ...before,
    ...all.filter(({ vm }) => !before.some(one => one.vm === vm && one.why === 'damaged')),
  ]);
}

/** The holds of a VM that aren't over, the one that ends last first. */
export const holdsOf = (all: readonly Hold[], uuid: string, now: number): Hold[] =>
  all.filter(({ vm, until }) => vm === uuid && until > now).sort((a, b) => b.until - a.until);

/** Until when nothing of a VM may be removed; undefined: it may. */
export const heldUntil = (all: readonly Hold[], uuid: string, now: number): number | undefined =>
  holdsOf(all, uuid, now)[0]?.until;

/**
 * Holds a VM. Of a hold by hand and that of a signal each ends by itself, so that nobody ends the one by
 * the other; neither is shortened: whoever means that releases it first.
 */
export const hold = (repository: Repository, one: Hold): Promise<void> =>
  holds.change(repository, before => {
    const isSame = ({ vm, why }: Hold) => vm === one.vm && (why === undefined) === (one.why === undefined);
    if (before.some(other => isSame(other) && other.until >= one.until)) return before;
    return [...before.filter(other => !isSame(other)), one];
  });

/** Ends a hold of a VM as it was read, and no other. */
export const release = (repository: Repository, { vm, until, why }: Hold): Promise<void> =>
  holds.change(repository, before =>
    before.filter(other => other.vm !== vm || other.until !== until || other.why !== why),
  );
