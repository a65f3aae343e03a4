import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { containerBuilder } from '../../format/container.ts';
import { encodeEntries, encodeIndexFooter, type IndexSection } from '../../format/index-object.ts';
import type { Segment } from '../../format/root.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { Location } from '../../model/store.ts';
import { indexReader, type Locations } from '../read/locator.ts';
import { newId } from '../read/repository-context.ts';
import type { Session } from './commit-session.ts';
import { chooseMerge, MOST_PENDING } from './index-tiers.ts';

export interface IndexWriter {
  /** Page `page` of disk number `disk` needs the block with this `idKey`, which is at `location`. */
  note(disk: number, page: number, id: string, location: Location): void;
  /** Writes what has gathered when it is a lot. */
  room(): Promise<void>;
  /** The index objects in force after this commit; `base` are those before it, oldest first. */
  finish(base: Segment[]): Promise<Segment[]>;
}

/** A merge writes objects of about this many bytes. */
const LONGEST = 8 * 2 ** 20;

interface PageEntries {
  disk: number;
  page: number;
  entries: Locations;
}

export function indexWriter(session: Session): IndexWriter {
  const { context, generation } = session;
  let pending = new Map<string, PageEntries>();
  let count = 0;
  /** Objects that `room` wrote. */
  const early: Segment[] = [];

  /** Writes pages, in order of disk and page, as one object or, when they are many, several. */
  const write = async (pages: AsyncIterable<PageEntries> | Iterable<PageEntries>, supersedes: string[]) => {
    const written: Segment[] = [];
    let open: ReturnType<typeof begin> | undefined;
    const begin = () => {
      const id = newId(context);
      const key = context.names.index(generation, id);
      const packs = new Map<string, number>();
      return {
        id,
        key,
        builder: containerBuilder(context.vault, 'index', key, id),
        packs,
        sections: [] as IndexSection[],
      };
    };
    const close = async () => {
      if (!open) return;
      const { id, key, builder, packs, sections } = open;
      open = undefined;
      const { bytes, footer } = builder.finish(
        encodeIndexFooter({ packs: [...packs.keys()], sections, supersedes }),
      );
      await session.put('index', key, bytes);
      written.push({ generation, id, bytes: bytes.length, footer });
    };
    for await (const { disk, page, entries } of pages) {
      open ??= begin();
      const { packs, sections, builder } = open;
      const packNumber = (id: string) => {
        const number = packs.get(id) ?? packs.size;
        packs.set(id, number);
        return number;
      };
      sections.push({ disk, page, ...builder.add(encodeEntries(entries, packNumber)) });
      if (builder.size >= LONGEST) await close();
    }
    await close();
    return written;
  };

  const takePending = () => {
    const pages = [...pending.values()].sort((a, b) => a.disk - b.disk || a.page - b.page);
    pending = new Map();
    count = 0;
    return pages;
  };

  /** Page by page: what the chosen objects say, oldest first, then what is new. */
  async function* merged(chosen: Segment[], fresh: PageEntries[]): AsyncGenerator<PageEntries> {
    const reader = indexReader(context);
    const news = new Map(fresh.map(p => [`${p.disk}/${p.page}`, p]));
    const all = new Map<string, { disk: number; page: number }>(news);
    for (const segment of chosen)
      for (const { disk, page } of (await reader.footer(segment)).sections)
        all.set(`${disk}/${page}`, { disk, page });
    for (const { disk, page } of [...all.values()].sort((a, b) => a.disk - b.disk || a.page - b.page)) {
      const entries: Locations = new Map();
      for (const segment of chosen) await reader.section(segment, disk, page, entries);
      for (const [id, location] of news.get(`${disk}/${page}`)?.entries ?? []) entries.set(id, location);
      yield { disk, page, entries };
    }
  }

  return {
    note(disk, page, id, location) {
      const name = `${disk}/${page}`;
      let found = pending.get(name);
      if (!found) {
        found = { disk, page, entries: new Map() };
        pending.set(name, found);
      }
      if (!found.entries.has(id)) count++;
      found.entries.set(id, location);
    },
    async room() {
      if (count >= MOST_PENDING) early.push(...(await write(takePending(), [])));
    },
    async finish(base) {
      const before = [...base, ...early];
      const chosen = count > 0 ? chooseMerge(before, count) : [];
      const fresh = takePending();
      if (chosen.length > 0)
        try {
          const supersedes = chosen.map(s => s.id);
          const written = await write(merged(chosen, fresh), supersedes);
          return [...before.filter(s => !supersedes.includes(s.id)), ...written];
        } catch (error) {
          // What can't be read can't be merged, but it is in nobody's way: other entries go on counting.
          if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
        }
      return [...before, ...(await write(fresh, []))];
    },
  };
}
