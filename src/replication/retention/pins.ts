import { currentList } from '../model/current-list.ts';
import type { Repository } from '../model/repository.ts';
import { holdAll } from './holds.ts';

/** A point that somebody needs: whatever removes points, or what was made of them, leaves it. */
export interface Pin {
  /** Who needs it: `web/3`, run 3 of the plan web. */
  holder: string;
  /** UUID of the VM, and id of the point. */
  vm: string;
  point: string;
  /** Since when, milliseconds since the epoch. */
  at: number;
}

/** Which point was pinned can't be told any more: none of any VM goes until somebody ends that. */
export const pins = currentList<Pin>('pins', async (repository, entries) => {
  await holdAll(repository);
  return entries;
});

/** All points of a repository that must not be removed: asked by everything that removes some. */
export const pinned = pins.read;

/** The same for whoever shows them: see `CurrentList`. */
export const pinsKnown = pins.known;

/** Pins points for a holder, beside those that it has already. */
export const pin = (
  repository: Repository,
  holder: string,
  points: readonly { vm: string; point: string }[],
  at: number,
): Promise<void> =>
  pins.change(repository, before => [
    ...before,
    ...points
      .filter(
        one => !before.some(has => has.holder === holder && has.vm === one.vm && has.point === one.point),
      )
      .map(({ vm, point }) => ({ holder, vm, point, at })),
  ]);

/** Lifts all pins of a holder. */
export const lift = (repository: Repository, holder: string): Promise<void> =>
  pins.change(repository, before => before.filter(one => one.holder !== holder));

/** Who pins a point that a user wants kept. */
export const BY_HAND = 'by hand';

/** Lifts the pin of one point. */
export const unpin = (repository: Repository, holder: string, point: string): Promise<void> =>
  pins.change(repository, before => before.filter(one => one.holder !== holder || one.point !== point));
