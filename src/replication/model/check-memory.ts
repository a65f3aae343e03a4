/**
 * How deep a verification looks, each as deep as the one before and deeper: `chain` reads all but packs and
 * follows each point to where its blocks should lie; `presence` looks whether the packs are there and long
 * enough; `sample` reads some packs; `full` all of them.
 */
export const LEVELS = ['chain', 'presence', 'sample', 'full'] as const;
export type Level = (typeof LEVELS)[number];

/** Packs that one verification read and found whole. */
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
  /** In the order in which they were read; a pack is in one of them. */
  read: CheckedPacks[];
}

export const NOTHING_CHECKED: CheckMemory = { looks: {}, read: [] };

/** Packs that are remembered; of more than these the ones that were read longest ago are forgotten. */
export const MOST_REMEMBERED = 400_000;

/**
 * The memory after one more verification. Of packs that aren't there any more nothing is kept, nor of those
 * in `doubted`, which were read and weren't whole: they are as if never read, and so come first.
 */
export function afterCheck(
  before: CheckMemory,
  look: {
    level: Level;
    at: number;
    read: readonly string[];
    there: ReadonlyMap<string, unknown>;
    doubted: ReadonlySet<string>;
  },
  most = MOST_REMEMBERED,
): CheckMemory {
  const now = new Set(look.read.filter(pack => !look.doubted.has(pack)));
  const isKept = (pack: string) => !now.has(pack) && look.there.has(pack) && !look.doubted.has(pack);
  const older = before.read.map(({ at, packs }) => ({ at, packs: packs.filter(isKept) }));
  let room = most;
  const read: CheckedPacks[] = [];
  for (const { at, packs } of [...older, { at: look.at, packs: [...now] }].reverse()) {
    const kept = packs.slice(0, room);
    room -= kept.length;
    if (kept.length > 0) read.unshift({ at, packs: kept });
  }
  return { looks: { ...before.looks, [look.level]: look.at }, read };
}

/** Bytes of `there`, the sizes of packs by id, that were read after `since` and not in the future. */
export function bytesCheckedSince(
  { read }: CheckMemory,
  there: ReadonlyMap<string, number>,
  since: number,
  now: number,
): number {
  let bytes = 0;
  for (const { at, packs } of read)
    if (at > since && at <= now) for (const pack of packs) bytes += there.get(pack) ?? 0;
  return bytes;
}
