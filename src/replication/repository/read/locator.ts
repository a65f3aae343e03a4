import { type Failure, failedWith } from '../../../diagnostics/diagnostic.ts';
import { readFooter } from '../../format/container.ts';
import {
  decodeEntries,
  decodeIndexFooter,
  type IndexFooter,
  SECTION_CAP,
} from '../../format/index-object.ts';
import type { Segment } from '../../format/root.ts';
import { sealerFor } from '../../format/sealing.ts';
import { damaged, isUnreadable } from '../../model/damage.ts';
import type { Location } from '../../model/store.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';

/** Map key is `idKey` of a block id. */
export type Locations = Map<string, Location>;

export interface Located {
  locations: Locations;
  /** Keys of index objects, and what kept each from being read: `damaged-object`, `missing-object` ... */
  lost: { key: string; failure: Failure }[];
}

const FOOTERS_KEPT = 1024;

export interface IndexReader {
  footer(segment: Segment, signal?: AbortSignal): Promise<IndexFooter>;
  /** Adds what one index object says about a page to `into`. */
  section(segment: Segment, disk: number, page: number, into: Locations, signal?: AbortSignal): Promise<void>;
  /**
   * Where the blocks of a page lie: the newest of `segments` (oldest first) wins. An index object that
   * is missing or damaged counts as empty, since most pages need nothing of it; `lost` says which.
   */
  locate(segments: Segment[], disk: number, page: number, signal?: AbortSignal): Promise<Located>;
}

export function indexReader(context: VmContext): IndexReader {
  const footers = new Map<
    string,
    Promise<IndexFooter & { places: Map<string, IndexFooter['sections'][number]> }>
  >();
  const sealer = (segment: Segment) => {
    const key = context.names.index(segment.generation, segment.id);
    return sealerFor(context.vault, 'index', key, Buffer.from(segment.id, 'hex'));
  };
  const load = (segment: Segment, signal?: AbortSignal) => {
    const { key } = sealer(segment);
    return readAgain(
      () => loadOnce(segment, signal),
      () => context.ranges.forget(key),
    );
  };
  const loadOnce = async (segment: Segment, signal?: AbortSignal) => {
    const { key } = sealer(segment);
    const tail = await context.ranges.read(key, segment.bytes, segment.footer, segment.bytes, signal);
    const { payload } = readFooter(sealer(segment), tail, segment.footer);
    try {
      const footer = decodeIndexFooter(payload);
      return { ...footer, places: new Map(footer.sections.map(s => [`${s.disk}/${s.page}`, s])) };
    } catch (cause) {
      throw damaged(key, 'its footer is not an index footer', cause);
    }
  };
  const footer = (segment: Segment, signal?: AbortSignal) => {
    const hit = footers.get(segment.id);
    if (hit) return hit;
    const loading = load(segment, signal);
    loading.catch(() => footers.delete(segment.id));
    footers.set(segment.id, loading);
    for (const oldest of footers.keys()) {
      if (footers.size <= FOOTERS_KEPT) break;
      footers.delete(oldest);
    }
    return loading;
  };
  const open = async (segment: Segment, disk: number, page: number, signal?: AbortSignal) => {
    const { packs, places } = await footer(segment, signal);
    const place = places.get(`${disk}/${page}`);
    if (!place) return undefined;
    const { offset, length } = place;
    const { key } = sealer(segment);
    const payload = await readAgain(
      async () => {
        const stored = await context.ranges.read(key, segment.bytes, offset, offset + length, signal);
        return sealer(segment).open(offset, stored, SECTION_CAP);
      },
      () => context.ranges.forget(key),
    );
    return { packs, payload, key };
  };
  const add = (found: Awaited<ReturnType<typeof open>>, into: Locations) => {
    try {
      if (found) decodeEntries(found.payload, found.packs, into);
    } catch (cause) {
      throw damaged(found!.key, 'its entries are not index entries', cause);
    }
  };
  return {
    footer,
    section: async (segment, disk, page, into, signal) => add(await open(segment, disk, page, signal), into),
    async locate(segments, disk, page, signal) {
      const located: Located = { locations: new Map(), lost: [] };
      const lose = (segment: Segment, failure: unknown) => {
        if (!isUnreadable(failure) && !failedWith(failure, 'missing-object')) throw failure;
        located.lost.push({ key: context.names.index(segment.generation, segment.id), failure });
        return undefined;
      };
      const opened = segments.map(async segment => {
        const found = await open(segment, disk, page, signal).catch(error => lose(segment, error));
        return { segment, found };
      });
      for (const { segment, found } of await Promise.all(opened))
        try {
          add(found, located.locations);
        } catch (error) {
          lose(segment, error);
        }
      return located;
    },
  };
}
