import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { idKey } from '../../format/index-object.ts';
import { isUnreadable, missing } from '../../model/damage.ts';
import type { Doubts } from '../../model/damage-record.ts';
import type { OrphanedPack } from '../../model/point-writer.ts';
import type { Location } from '../../model/store.ts';
import { readPackFooter } from '../read/pack-footer.ts';
import type { VmContext } from '../read/repository-context.ts';

/** Blocks that packs of dead cycles hold, as far as the lease claims them. */
export interface ClaimedPacks {
  /** Where a block with this `idKey` lies; from now on its pack has to be there. */
  take(id: string): Location | undefined;
  /** Reads the ends of more packs when those that are known are used up. */
  room(): Promise<void>;
  /** Throws a Failure `missing-object` unless all packs are there that something was taken from. */
  demandTaken(): Promise<void>;
}

/** Ids in memory, about 60 MiB. */
const KNOWN = 2 ** 18;

/**
 * A disk is read in the order in which it was read before, and its packs are known in the order in which they
 * were written: so a part of their ids that moves on is enough, however large the disk is. What is missed is
 * stored once more.
 */
export async function claimedPacks(
  context: VmContext,
  packs: OrphanedPack[],
  doubts: Doubts | undefined,
): Promise<ClaimedPacks> {
  const { names, store } = context;
  const waiting = packs
    .filter(({ id }) => !doubts?.section(names.pack(id).slice(names.folder.length)))
    .reverse();
  const known = new Map<string, { location: Location; turn: number }>();
  const taken = new Map<string, number>();
  const sizes = new Map(packs.map(({ id, size }) => [id, size]));
  let turn = 0;
  /** Highest turn that something was found in, and what was missed since packs were read last. */
  let reached = 0;
  let missed = 0;
  let oldest = 0;
  let reading: Promise<void> | undefined;

  const readNext = async () => {
    const { id: pack, size } = waiting.pop()!;
    const blocks = await footerOf(context, pack, size);
    turn++;
    for (const { id, offset, length } of blocks)
      known.set(idKey(id), { location: { pack, offset, length }, turn });
  };
  const fill = async () => {
    while (waiting.length > 0 && known.size < KNOWN) await readNext();
  };
  const dropOldest = () => {
    oldest = Math.max(oldest + 1, Math.floor((oldest + turn) / 2));
    for (const [id, { turn: of }] of known) if (of <= oldest) known.delete(id);
    missed = 0;
  };
  await fill();

  return {
    take(id) {
      const found = known.get(id);
      if (!found) {
        missed++;
        return undefined;
      }
      reached = Math.max(reached, found.turn);
      const { pack } = found.location;
      taken.set(pack, sizes.get(pack)!);
      return found.location;
    },
    async room() {
      if (waiting.length === 0) return;
      if (reached <= (oldest + turn) / 2 && missed < KNOWN) return;
      reading ??= Promise.resolve()
        .then(dropOldest)
        .then(fill)
        .finally(() => {
          reading = undefined;
        });
      await reading;
    },
    async demandTaken() {
      if (taken.size === 0) return;
      const there = new Map<string, number>();
      for await (const { key, size } of store.list(`${names.folder}packs/`)) there.set(key, size);
      for (const [pack, size] of taken)
        if (there.get(names.pack(pack)) !== size) throw missing(names.pack(pack));
    },
  };
}

/** Empty for a pack that is gone or whose end can't be read: what it holds is stored once more. */
async function footerOf(context: VmContext, pack: string, size: number) {
  try {
    return (await readPackFooter(context, pack, size)) ?? [];
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
    return [];
  }
}
