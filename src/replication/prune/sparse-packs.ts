import type { Live } from './survey.ts';
import type { Part } from './sweep.ts';
import { packOf } from './sweep.ts';

/** A pack that is less than half needed. */
export interface SparsePack {
  /** Id, and bytes of the object. */
  pack: string;
  size: number;
  /** Bytes of the blocks in it that are needed. */
  live: number;
}

/** Header, trailer, and what is around the entries of a footer; and an entry of it, bytes. */
const AROUND = 32 + 16 + 17;
const ENTRY = 36;

/**
 * Packs of whose blocks points that stay need less than half, those first that free most for what is moved.
 * Those of which nothing is needed aren't among them: they go as they are.
 */
export function sparsePacks(parts: readonly Part[], leads: ReadonlyMap<string, Live>): SparsePack[] {
  const found: SparsePack[] = [];
  for (const { object, size } of parts) {
    const pack = packOf(object);
    const live = pack === undefined ? undefined : leads.get(pack);
    if (pack === undefined || !live) continue;
    // What is around blocks that are needed isn't dead: else a small pack would be written anew for ever.
    const dead = size - live.bytes - AROUND - ENTRY * live.blocks;
    if (dead > live.bytes) found.push({ pack, size, live: live.bytes });
  }
  return found.sort((a, b) => a.live * b.size - b.live * a.size || (a.pack < b.pack ? -1 : 1));
}

/** As many of them as may be moved at once; one at least, so that it goes on. */
export function within(sparse: readonly SparsePack[], bytes: number): SparsePack[] {
  let moved = 0;
  return sparse.filter(({ live }, n) => {
    moved += live;
    return n === 0 ? bytes > 0 : moved <= bytes;
  });
}
