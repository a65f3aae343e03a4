/**
 * How deep a verification looks, each as deep as the one before and deeper: `chain` reads all but packs and
 * follows each point to where its blocks should lie; `presence` looks whether the packs are there and long
 * enough; `sample` reads some packs; `full` all of them.
 */
export const LEVELS = ['chain', 'presence', 'sample', 'full'] as const;
export type Level = (typeof LEVELS)[number];

/** Packs that one verification read, or asked for. */
export interface CheckedPacks {
  /** Ms since the epoch. */
  at: number;
  /** Ids, hex. */
  packs: string[];
}

/** What verifications of one VM have looked at, and when. */
export interface CheckMemory {
  /** When each level was last done to the end, ms since the epoch. */
  looks: Partial<Record<Level, number>>;
  /** Those found whole, in the order in which they were read; a pack is in one of them. */
  read: CheckedPacks[];
  /** Those that were asked for and weren't whole, or weren't handed out, in the same order. */
  tried: CheckedPacks[];
}

export const NOTHING_CHECKED: CheckMemory = { looks: {}, read: [], tried: [] };

/** Packs that are remembered; of more than these the ones that were read longest ago are forgotten. */
export const MOST_REMEMBERED = 400_000;

/**
 * The memory after one more verification. Of packs that aren't there any more nothing is kept. One that was
 * asked for and not proven to be whole counts as never read, and has had its turn all the same: it must not
 * keep the others from theirs.
 */
export function afterCheck(
  before: CheckMemory,
  look: {
    level: Level;
    at: number;
    /** All that were asked for. */
    asked: readonly string[];
    /** Those of them that were read and are whole. */
    proven: ReadonlySet<string>;
    there: ReadonlyMap<string, unknown>;
  },
  most = MOST_REMEMBERED,
): CheckMemory {
  const now = new Set(look.asked);
  const isKept = (pack: string) => !now.has(pack) && look.there.has(pack);
  const afterwards = (list: CheckedPacks[], packs: string[], room: number): CheckedPacks[] => {
    const kept: CheckedPacks[] = [];
    const older = list.map(one => ({ at: one.at, packs: one.packs.filter(isKept) }));
    for (const one of [...older, { at: look.at, packs }].reverse()) {
      const fits = one.packs.slice(0, room);
      room -= fits.length;
      if (fits.length > 0) kept.unshift({ at: one.at, packs: fits });
    }
    return kept;
  };
  const isProven = (pack: string) => look.proven.has(pack);
  return {
    looks: { ...before.looks, [look.level]: look.at },
    read: afterwards(before.read, look.asked.filter(isProven), most),
    tried: afterwards(
      before.tried,
      look.asked.filter(pack => !isProven(pack) && look.there.has(pack)),
      most,
    ),
  };
}

/** Bytes of `of`, the sizes of packs by id, that were read after `since` and not in the future. */
export function bytesCheckedSince(
  { read }: CheckMemory,
  of: ReadonlyMap<string, number>,
  since: number,
  now: number,
): number {
  // A pack is in one list, and counts once whatever a record says.
  const packs = new Set(read.flatMap(one => (one.at > since && one.at <= now ? one.packs : [])));
  let bytes = 0;
  for (const pack of packs) bytes += of.get(pack) ?? 0;
  return bytes;
}
