import { ID_BYTES } from '../format/blocks.ts';
import { idKey } from '../format/index-object.ts';
import { nameOf, type PageRefs, type SectionRef } from '../format/page-map.ts';
import type { Root, Segment } from '../format/root.ts';
import type { Doubts } from '../model/damage-record.ts';
import type { Location } from '../model/store.ts';
import { indexReader, type Locations } from '../repository/read/locator.ts';
import { believedIds, blocksOfPage } from '../repository/read/page-doubts.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { doubt } from './doubt.ts';
import { type Spans, spans } from './spans.ts';

/** One state of a page of a disk's map, which points share. */
interface Version {
  refs: PageRefs;
  blocks: number;
  /** A point needs it that isn't being removed. */
  kept: boolean;
  /** How many need it. */
  points: number;
}

/** What points need, gathered from one root after the other. */
export interface Survey {
  /** In ascending generation. `kept`: it isn't being removed. */
  add(root: Root, kept: boolean): void;
  /** Follows all pages to where their blocks lie. @throws Failure `prune-doubt` */
  finish(signal?: AbortSignal): Promise<Needed>;
}

/** What of a pack is needed. */
export interface Live {
  bytes: number;
  blocks: number;
}

/** A block that a page of a disk's map needs, and where it lies. */
export interface Led {
  disk: number;
  page: number;
  /** Its `idKey`. */
  id: string;
  location: Location;
}

export interface Needed {
  /** Bytes that points which stay need of each pack. */
  packs: ReadonlyMap<string, number>;
  /** What of each pack the first of `inForce` leads to, of what points need which stay. */
  leads: ReadonlyMap<string, Live>;
  /** The blocks that it leads to in these packs; one that several pages need comes once for each. */
  leading(packs: ReadonlySet<string>, signal?: AbortSignal): AsyncIterable<Led>;
  /** Keys below the VM's folder of all objects that points need which stay, and packs not among them. */
  kept: ReadonlySet<string>;
  /** The same of points that are being removed. */
  leaving: ReadonlySet<string>;
  /** Blocks that no index leads to, or to a place that isn't believed, by `idKey`: any copy is of use. */
  astray: ReadonlySet<string>;
  /** Bytes of packs that more than one point needs. */
  shared(): Promise<number>;
}

/** A page of a disk's map, and all that it was, oldest first. */
interface Place {
  disk: number;
  page: number;
  /** Of the disk, among those of its VM. */
  index: number;
  versions: Version[];
  /** What the last version is made of. */
  name: string;
}

interface Asking {
  /** What the head has in force, and what the newest point has for whoever finds no head. */
  inForce: readonly Segment[][];
  doubts: Doubts;
}

/**
 * Memory is what of the page tables differs from one point to the next, each section of a page told once, and
 * eight bytes for each block.
 */
export function survey(context: VmContext, { inForce, doubts }: Asking): Survey {
  const { names } = context;
  const places = new Map<string, Place>();
  const kept = new Set<string>();
  const leaving = new Set<string>();
  const sections = new Map<string, SectionRef>();
  /** Bytes of the pages objects that versions are in. */
  const sizes = new Map<string, number>();
  const others = new Map<string, Segment>();
  const index = indexReader(context);
  const below = (key: string) => key.slice(names.folder.length);
  const sharing = (root: Root, refs: PageRefs): PageRefs => {
    const ref = (one: SectionRef) => {
      const name = `${one.object}+${one.offset}`;
      const known = sections.get(name);
      if (known) return known;
      const size = root.pagesObjects.get(one.object);
      if (size !== undefined) sizes.set(one.object, size);
      sections.set(name, one);
      return one;
    };
    return { base: refs.base && ref(refs.base), deltas: refs.deltas.map(ref) };
  };
  // Mostly the newest point has in force what the head has.
  const lists = inForce.filter((one, n) => n === 0 || listName(one) !== listName(inForce[0]!));
  for (const segment of inForce.flat()) kept.add(below(names.index(segment.generation, segment.id)));

  /** Ids that each version of a place adds to those before it. */
  async function* fresh(
    { index: disk, page, versions }: Place,
    signal?: AbortSignal,
  ): AsyncGenerator<{ version: Version; ids: string[] }> {
    const known = new Map<string, boolean>();
    let last: Buffer | undefined;
    let lastKept = false;
    // What stays first: what is left for the others is needed by them alone.
    for (const version of versions.toSorted((a, b) => Number(b.kept) - Number(a.kept))) {
      signal?.throwIfAborted();
      const { refs } = version;
      const ids = await believed(version);
      if (!ids) {
        if (refs.base || refs.deltas.length > 0) refuseUnknown({ refs, disk, page }, doubts);
        continue;
      }
      const added: string[] = [];
      for (let at = 0; at < ids.length; at += ID_BYTES) {
        const isSame =
          last && lastKept === version.kept && last.compare(ids, at, at + ID_BYTES, at, at + ID_BYTES) === 0;
        if (isSame || isZeroAt(ids, at)) continue;
        const id = idKey(ids.subarray(at, at + ID_BYTES));
        if (known.has(id)) continue;
        known.set(id, version.kept);
        added.push(id);
      }
      last = ids;
      lastKept = version.kept;
      yield { version, ids: added };
    }
  }

  // What is said to be damaged is read all the same: movers write that record, and it has nothing removed.
  const believed = ({ refs, blocks }: Version) =>
    believedIds(context, { pagesObjects: sizes }, refs, blocks, { section: () => false });

  /** Ids that more than one point needs here. What stays where it was for some versions is told once. */
  async function sharedIn({ versions }: Place, signal?: AbortSignal): Promise<Set<string>> {
    const seen = new Map<string, number>();
    const shared = new Set<string>();
    let last: Buffer | undefined;
    let told = new Uint8Array(0);
    for (const [n, version] of versions.entries()) {
      signal?.throwIfAborted();
      const ids = await believed(version);
      if (!ids) continue;
      if (told.length * ID_BYTES < ids.length) {
        const longer = new Uint8Array(ids.length / ID_BYTES);
        longer.set(told);
        told = longer;
      }
      for (let at = 0, block = 0; at < ids.length; at += ID_BYTES, block++) {
        const stays =
          last && at < last.length && last.compare(ids, at, at + ID_BYTES, at, at + ID_BYTES) === 0;
        if (!stays) told[block] = 0;
        if (told[block] === 1 || isZeroAt(ids, at)) continue;
        const id = idKey(ids.subarray(at, at + ID_BYTES));
        if (stays || version.points > 1 || (seen.get(id) ?? n) !== n) {
          shared.add(id);
          told[block] = 1;
        } else seen.set(id, n);
      }
      last = ids;
    }
    return shared;
  }

  /** Where blocks of a place lie: one map for each list of index objects, and the last resort. */
  const locate = async (disk: number, page: number, signal?: AbortSignal) => {
    const located: Locations[] = [];
    for (const segments of lists) {
      const { locations, lost } = await index.locate(segments, disk, page, signal);
      const unknown = lost.find(({ key }) => !doubts.section(below(key)));
      if (unknown) throw doubt(unknown.failure.message);
      located.push(locations);
    }
    let resort: Locations | undefined;
    return {
      first: located[0] ?? new Map<string, Location>(),
      async of(id: string): Promise<Location[]> {
        const found = located.flatMap(one => one.get(id) ?? []);
        if (found.length > 0) return found;
        resort ??= (await index.locate([...others.values()], disk, page, signal)).locations;
        return [resort.get(id)].filter(one => one !== undefined);
      },
    };
  };

  return {
    add(root, stays) {
      const into = stays ? kept : leaving;
      for (const id of root.pagesObjects.keys()) into.add(`pages/${id}`);
      if (root.point.bundle) into.add(`bundles/${root.point.bundle.id}`);
      for (const segment of root.segments) {
        into.add(below(names.index(segment.generation, segment.id)));
        others.set(segment.id, segment);
      }
      for (const found of root.disks)
        for (const [page, refs] of found.pages.entries()) {
          const place = `${found.number}/${page}`;
          const { index } = found.disk;
          const all = places.get(place) ?? { disk: found.number, page, index, versions: [], name: '' };
          places.set(place, all);
          const last = all.versions.at(-1);
          const blocks = blocksOfPage(found, page);
          const name = `${nameOf(refs)} ${blocks}`;
          if (last && all.name === name) {
            last.kept ||= stays;
            last.points++;
          } else {
            all.name = name;
            all.versions.push({ refs: sharing(root, refs), blocks, kept: stays, points: 1 });
          }
        }
    },
    async finish(signal) {
      const led = new Map<string, Spans>();
      const besides = new Map<string, Spans>();
      const astray = new Set<string>();
      for (const place of places.values()) {
        const lies = await locate(place.disk, place.page, signal);
        for await (const { version, ids } of fresh(place, signal))
          for (const id of ids) {
            const locations = await lies.of(id);
            const leads = lies.first.get(id);
            if (!locations.some(one => !doubts.block(one))) astray.add(id);
            for (const location of locations) {
              const { pack } = location;
              if (!version.kept) leaving.add(`packs/${pack.slice(0, 2)}/${pack}`);
              else if (location === leads) addTo(led, location);
              else if (!leads || !isSame(leads, location)) addTo(besides, location);
            }
          }
      }
      const packs = new Map([...led].map(([pack, of]) => [pack, of.bytes()]));
      const leads = new Map([...led].map(([pack, of]) => [pack, { bytes: of.bytes(), blocks: of.count() }]));
      for (const [pack, of] of besides) packs.set(pack, (packs.get(pack) ?? 0) + of.bytes());
      return {
        ...{ packs, leads, kept, leaving, astray },
        async *leading(chosen, until) {
          for (const place of places.values()) {
            const { disk, page } = place;
            const { first } = await locate(disk, page, until);
            if (!first.values().some(({ pack }) => chosen.has(pack))) continue;
            const versions = place.versions.filter(one => one.kept);
            for await (const { ids } of fresh({ ...place, versions }, until))
              for (const id of ids) {
                const location = first.get(id);
                if (location && chosen.has(location.pack)) yield { disk, page, id, location };
              }
          }
        },
        async shared() {
          const all = new Map<string, Spans>();
          for (const place of places.values()) {
            const lies = await locate(place.disk, place.page, signal);
            for (const id of await sharedIn(place, signal))
              for (const location of await lies.of(id)) addTo(all, location);
          }
          return [...all.values()].reduce((sum, of) => sum + of.bytes(), 0);
        },
      };
    },
  };
}

/** A page whose map is known to be lost needs nothing; one that can't be read just now may need anything. */
function refuseUnknown(
  { refs, disk, page }: { refs: PageRefs; disk: number; page: number },
  doubts: Doubts,
): void {
  const known = [...(refs.base ? [refs.base] : []), ...refs.deltas].some(ref =>
    doubts.section(`pages/${ref.object}`, ref.offset),
  );
  if (!known) throw doubt(`page ${page} of the map of disk ${disk} can't be read`);
}

function addTo(all: Map<string, Spans>, { pack, offset, length }: Location): void {
  const of = all.get(pack) ?? spans();
  all.set(pack, of);
  of.add(offset, length);
}

const isSame = (a: Location, b: Location): boolean => a.pack === b.pack && a.offset === b.offset;

const listName = (segments: readonly Segment[]): string => segments.map(({ id }) => id).join(' ');

const isZeroAt = (ids: Buffer, at: number): boolean => {
  for (let n = at; n < at + ID_BYTES; n++) if (ids[n] !== 0) return false;
  return true;
};
