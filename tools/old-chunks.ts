/** One build that wrote something new: when (ms), and the chunks that it needs. */
export interface Build {
  at: number;
  chunks: string[];
}

const day = 24 * 60 * 60_000;
/** Builds whose chunks stay, however old they are. */
const kept = 3;

/**
 * Which chunks nobody needs any more. A running converge loads its chunks when it comes to them, so those of
 * the newest builds stay, and those of any build that was replaced less than a day ago.
 *
 * @param builds newest first
 * @param there chunks on the disk, with the time (ms) they were written
 * @returns the builds to remember, and the chunks to remove
 */
export function oldChunks(
  builds: readonly Build[],
  there: ReadonlyMap<string, number>,
  now: number,
): { builds: Build[]; remove: string[] } {
  const remembered = builds.filter((_, i) => i < kept || now - builds[i - 1]!.at < day);
  const needed = new Set(remembered.flatMap(({ chunks }) => chunks));
  const remove = [...there].filter(([name, written]) => !needed.has(name) && now - written > day);
  return { builds: remembered, remove: remove.map(([name]) => name) };
}
