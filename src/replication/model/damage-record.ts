import type { Location } from './store.ts';

/** What was looked for twice and is not what was written. */
export interface DamagedObject {
  /** Key below the VM's folder: `packs/ab/ab12…`; `roster` for the one that isn't there. */
  object: string;
  why: 'missing' | 'damaged';
  /** Offsets of the sections concerned; left out: nothing of the object is believed. */
  sections?: number[];
  /**
   * Pages of the disks' maps, as disk number and page, that need something of it; left out: not known, any
   * may.
   */
  places?: [number, number][];
  /** When it was first found, ms since the epoch. */
  since: number;
  /** Generation of the point whose cycle stored again what its source still had. */
  attended?: number;
}

export interface PointId {
  generation: number;
  id: string;
}

/** Why a point can't be given: its object, a page of a disk's map, or content of blocks is lost. */
export type WhyBroken = 'point' | 'map' | 'content';

export interface BrokenPoint extends PointId {
  /** Said by the cycle that could not heal it. */
  why?: WhyBroken;
}

/** What is known to be damaged of one VM in a repository. It takes belief away, and never gives any. */
export interface DamageRecord {
  damage: 1;
  objects: DamagedObject[];
  /** Points that can't be given whole because of it; retention doesn't count them. */
  broken: BrokenPoint[];
  /**
   * Points that were made by changes alone while change tracking left some out: they can be given, and what
   * they hold may be wrong.
   */
  suspect?: PointId[];
}

export const NO_DAMAGE: DamageRecord = { damage: 1, objects: [], broken: [] };

/** Whether the next cycle has something to heal. */
export const isPending = (record: DamageRecord | undefined): boolean =>
  record !== undefined && pendingOf(record).length > 0;

/** Whether a point is known not to be whole. */
export const isBroken = (record: DamageRecord | undefined, { id }: Pick<PointId, 'id'>): boolean =>
  record?.broken.some(one => one.id === id) ?? false;

/**
 * The record after a look at the objects that `looked` knows: what was found is in it, and of what was looked
 * at and not found nothing is left. Of what wasn't looked at in full, everything is. What a cycle has
 * attended to stays so unless there is more of it now.
 *
 * @param at when it was found, ms since the epoch
 */
export function afterLook(
  before: DamageRecord | undefined,
  found: DamageRecord,
  looked: (object: string) => boolean,
  at: number,
): DamageRecord {
  const known = new Map((before ?? NO_DAMAGE).objects.map(one => [one.object, one]));
  const kept = [...known.values()].filter(({ object }) => !looked(object));
  const objects = found.objects.map(now => {
    const old = known.get(now.object);
    if (!old) return { ...now, since: at };
    const one = looked(now.object) ? now : both(old, now);
    const attended = old.attended !== undefined && covers(old, one) ? { attended: old.attended } : {};
    return { ...one, since: old.since, ...attended };
  });
  const names = new Set(objects.map(({ object }) => object));
  const all = [...kept.filter(({ object }) => !names.has(object)), ...objects];
  const said = new Map((before ?? NO_DAMAGE).broken.map(one => [one.id, one]));
  const broken = new Map(kept.length > 0 ? said : []);
  for (const one of found.broken) broken.set(one.id, { ...said.get(one.id), ...one });
  return {
    damage: 1,
    objects: all.toSorted((a, b) => (a.object < b.object ? -1 : 1)),
    broken: [...broken.values()].toSorted((a, b) => a.generation - b.generation),
    ...suspectOf(before),
  };
}

/** What is known of an object that was damaged before and of which not all was looked at now. */
function both(old: DamagedObject, now: DamagedObject): DamagedObject {
  const sections = now.why === old.why && old.sections && now.sections && [...old.sections, ...now.sections];
  const places = old.places && now.places && [...old.places, ...now.places];
  return {
    ...{ object: now.object, why: now.why, since: old.since },
    ...(sections && { sections: [...new Set(sections)].sort((a, b) => a - b) }),
    ...(places && { places: [...new Map(places.map(place => [String(place), place])).values()] }),
  };
}

/** Whether whoever attended to `old` attended to `now` as well. */
function covers(old: DamagedObject, now: DamagedObject): boolean {
  if (old.why !== now.why) return false;
  const sections = old.sections === undefined || isPart(now.sections, old.sections);
  const places = old.places === undefined || isPart(now.places?.map(String), old.places.map(String));
  return sections && places;
}

const isPart = <T>(some: readonly T[] | undefined, all: readonly T[]): boolean =>
  some?.every(one => all.includes(one)) ?? false;

/** The record after the cycle that made generation `generation` has stored what it could. */
export const afterHealing = (
  { objects, ...before }: DamageRecord,
  generation: number,
  broken: readonly BrokenPoint[],
): DamageRecord => ({
  damage: 1,
  objects: objects.map(one => (one.attended === undefined ? { ...one, attended: generation } : one)),
  broken: [...broken],
  ...suspectOf(before),
});

/** The record once these objects were written anew from what was whole: nothing of them is left to heal. */
export function withoutObjects(record: DamageRecord, written: (object: string) => boolean): DamageRecord {
  const objects = record.objects.filter(({ object }) => !written(object));
  return { ...record, objects, broken: objects.length > 0 ? record.broken : [] };
}

const suspectOf = (record: Pick<DamageRecord, 'suspect'> | undefined): Pick<DamageRecord, 'suspect'> =>
  record?.suspect ? { suspect: record.suspect } : {};

/** The record with these points suspected besides. */
export const withSuspects = (before: DamageRecord | undefined, points: readonly PointId[]): DamageRecord => {
  const all = new Map([...(before?.suspect ?? []), ...points].map(one => [one.id, one]));
  return {
    ...(before ?? NO_DAMAGE),
    suspect: [...all.values()].toSorted((a, b) => a.generation - b.generation),
  };
};

/** What a writer must not take as stored. */
export interface Doubts {
  /** Nothing is believed: all is to be stored anew. */
  readonly all: boolean;
  /** Whether an index object, or a part of one, is lost. */
  readonly index: boolean;
  /** Whether what is there may be something else than the block, or nothing. */
  block(location: Location): boolean;
  /** Whether a section of this object can't be relied on; without an offset: anything of it. */
  section(object: string, offset?: number): boolean;
  /** Whether something of this page of a disk's map may be damaged. */
  page(disk: number, page: number): boolean;
}

/** No block that is stored is believed. */
export const doubtAll = (record: DamageRecord): Doubts => ({
  ...doubtsOf(record.objects),
  all: true,
  block: () => true,
  page: () => true,
});

/** What no cycle has attended to yet, and could. */
export const pendingOf = ({ objects, broken }: DamageRecord): DamagedObject[] =>
  objects.filter(({ object, attended }) => attended === undefined && !isLostPoint(object, broken));

/** An older point's own object: no source has it, so there is nothing to attend to. */
const isLostPoint = (object: string, broken: readonly PointId[]): boolean =>
  object.startsWith('points/') && broken.some(({ id }) => object.endsWith(`-${id}`));

export function doubtsOf(damaged: readonly DamagedObject[]): Doubts {
  const objects = new Map(damaged.map(one => [one.object, one.sections && new Set(one.sections)]));
  const anywhere = damaged.some(one => one.places === undefined);
  const places = new Set(damaged.flatMap(one => one.places ?? []).map(String));
  const section = (object: string, offset?: number): boolean => {
    if (!objects.has(object)) return false;
    const sections = objects.get(object);
    return sections === undefined || (offset !== undefined && sections.has(offset));
  };
  return {
    all: false,
    index: damaged.some(({ object }) => object.startsWith('index/')),
    section,
    block: ({ pack, offset }) => section(`packs/${pack.slice(0, 2)}/${pack}`, offset),
    page: (disk, page) => anywhere || places.has(`${disk},${page}`),
  };
}

const words: Record<WhyBroken, string> = {
  point: 'its object is lost',
  map: 'its map is lost where the VM has changed since',
  content: 'the VM has other content by now',
};

/** Ids of points, and why each can't be given, where that is known. */
export const brokenWords = (points: readonly BrokenPoint[]): string =>
  points.map(({ id, why }) => (why ? `${id} (${words[why]})` : id)).join(', ');
