import { failedWith } from '../../diagnostics/diagnostic.ts';
import type { BoardStore } from '../model/repository.ts';

const day = 86_400_000;

/** How long notes of one kind are kept after they were written last, ms. */
const kept = { 'history/': 90 * day, 'past-alerts/': 90 * day, 'movers/': 7 * day } as const;

/**
 * Removes the notes of a repository that are too old. Credentials that may not delete leave them to a prune,
 * whose own may.
 *
 * @param now by the store's clock
 */
export async function forgetNotes(board: BoardStore, now: number): Promise<void> {
  try {
    for (const [folder, age] of Object.entries(kept))
      for (const { name, modified } of await board.list(folder))
        if (now - modified > age) await board.remove(name);
  } catch (error) {
    if (!failedWith(error, 'aws-access-denied')) throw error;
  }
}
