import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { blockCount, ID_BYTES, PAGE_BLOCKS, ZERO_ID } from '../format/blocks.ts';
import { nameOf, type PageRefs } from '../format/page-map.ts';
import type { Root, Segment } from '../format/root.ts';
import type { Level } from '../model/check-memory.ts';
import { isUnreadable } from '../model/damage.ts';
import { indexReader, type Located } from '../repository/read/locator.ts';
import { loadPage } from '../repository/read/pages.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Folder } from './explain.ts';
import type { PackFooters } from './pack-footers.ts';
import type { Findings, FoundProblem } from './report.ts';

/** Follows what points refer to, in ascending generation; call it with each root in turn. */
export type FollowPoint = (root: Root) => Promise<void>;

/**
 * Names, for every problem, the points that it breaks, and finds what is referred to and missing.
 * Pages that a point shares with the one before it are followed once: memory is one root's pages.
 * `usedPacks` gets the ids of all packs that are needed, and where
 * the last block ends that is needed of each. `segments`: the index objects in force; a point's
 * own count for what these don't know. At level `chain` no pack is looked at; below `full` one that wasn't
 * read has to be there and long enough for the blocks that are needed of it.
 */
export function followPoints(
  context: VmContext,
  segments: Segment[],
  footers: PackFooters,
  findings: Findings,
  usedPacks: Map<string, number>,
  { level, packs, read }: { level: Level } & Pick<Folder, 'packs' | 'read'>,
): FollowPoint {
  const index = indexReader(context);
  /** Packs that are too short, which is known of each of their blocks. */
  const short = new Set<FoundProblem>();
  const known = new Map<string, { name: string | undefined; problems: Set<FoundProblem> }>();

  /** One look may be answered by somebody who doesn't know yet, or no more: two are asked for. */
  const absent = async (key: string): Promise<FoundProblem | undefined> => {
    const before = findings.of(key);
    if (before || (await context.store.head(key))) return before;
    return findings.add('missing', key, `the repository's object ${key} is missing`);
  };

  /** The problems of the objects that `keys` name, looked for because reading them failed. */
  const blame = async (keys: string[], into: Set<FoundProblem>) => {
    for (const key of keys) {
      const problem = findings.of(key) ?? ((await context.store.head(key)) ? undefined : await absent(key));
      if (problem) into.add(problem);
    }
  };

  const followPage = async (root: Root, disk: number, page: number, refs: PageRefs, blocks: number) => {
    const problems = new Set<FoundProblem>();
    const inconsistent = (message: string) => {
      const key = context.names.point(root.point.generation, root.point.id);
      problems.add(findings.add('inconsistent', key, `${key}: ${message}`));
    };
    const idsOf = async () => {
      try {
        return (await loadPage(context, refs, root.pagesObjects, blocks)).ids;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const needed = [...(refs.base ? [refs.base] : []), ...refs.deltas];
        await blame(
          needed.map(ref => context.names.pages(ref.object)),
          problems,
        );
        if (problems.size === 0) {
          if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
          inconsistent(error.message);
        }
        return undefined;
      }
    };
    const ids = await idsOf();
    if (!ids || ids.every(byte => byte === 0)) return { problems, shared: true };
    const { locations, lost } = await index.locate(segments, disk, page);
    let own: Located | undefined;
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      if (ids.compare(ZERO_ID, 0, ID_BYTES, at, at + ID_BYTES) === 0) continue;
      const id = ids.toString('latin1', at, at + ID_BYTES);
      let location = locations.get(id);
      if (!location) {
        own ??= await index.locate(root.segments, disk, page);
        location = own.locations.get(id);
      }
      if (!location && own) {
        await blame(
          [...lost, ...own.lost].map(({ key }) => key),
          problems,
        );
        if (lost.length + own.lost.length === 0) inconsistent('no index says where one of its blocks is');
        continue;
      }
      if (!location) continue;
      const end = location.offset + location.length;
      usedPacks.set(location.pack, Math.max(end, usedPacks.get(location.pack) ?? 0));
      if (level === 'chain') continue;
      const key = context.names.pack(location.pack);
      const bad = findings.of(key);
      const size = packs.get(location.pack);
      const isUnread = size !== undefined && level !== 'full' && !read.has(location.pack);
      if (isUnread && (!bad || short.has(bad))) {
        if (end <= size) continue;
        const message = `${key} ends at byte ${size}, and the index expects blocks in it until byte ${end}`;
        const problem = findings.add('damaged', key, message);
        problem.sections = (problem.sections ?? new Set()).add(location.offset);
        problem.places.add(`${disk}/${page}`);
        problems.add(problem);
        short.add(problem);
        continue;
      }
      if (bad) {
        if (!bad.sections) bad.places.add(`${disk}/${page}`);
        const lost = bad.sections
          ? bad.sections.has(location.offset)
          : !(await footers.holds(location, ids.subarray(at, at + ID_BYTES)));
        if (lost) problems.add(bad);
        continue;
      }
      const footer = await footers.of(location.pack);
      if (!footer) {
        const problem = await absent(key);
        if (problem) problems.add(problem);
      } else if (footer.get(location.offset) !== id) {
        const message = `the index expects another block at byte ${location.offset} of ${key}`;
        const problem = findings.add('inconsistent', key, message);
        problem.sections = (problem.sections ?? new Set()).add(location.offset);
        problems.add(problem);
      }
    }
    return { problems, shared: own === undefined };
  };

  return async root => {
    const seen = new Set<string>();
    for (const { disk, number, pages } of root.disks) {
      const blocks = blockCount(disk.bytes, disk.blockSize);
      for (const [page, refs] of pages.entries()) {
        const place = `${number}/${page}`;
        const count = Math.min(PAGE_BLOCKS, blocks - page * PAGE_BLOCKS);
        const name = `${nameOf(refs)} ${count}`;
        seen.add(place);
        let entry = known.get(place);
        if (entry?.name !== name) {
          const { problems, shared } = await followPage(root, number, page, refs, count);
          // What one point's own index was asked for says nothing of the next point.
          entry = { name: shared ? name : undefined, problems };
          known.set(place, entry);
        }
        for (const problem of entry.problems) {
          problem.breaks.add(root.point.id);
          problem.places.add(place);
        }
      }
    }
    for (const place of known.keys()) if (!seen.has(place)) known.delete(place);
  };
}
