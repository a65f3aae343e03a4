import { membersKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Address, Catalog, CatalogResource } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { type Expanded, memberOf } from '../../../engine/select/members.ts';
import { sha256 } from '../../../values/digest.ts';

/** Where is kept what selections meant when they were last listed. */
export type MembersMemory = Pick<EngineMemory, 'get' | 'set'>;

interface Kept {
  /** Digest of what was asked for: another selection means others. */
  of: string;
  /** Its target: of another vCenter nothing is held. */
  target?: string;
  members: Member[];
  /** Those of the selection before it was changed: they go on until somebody lets go of them. */
  held?: Member[];
}

interface Member {
  id: string;
  title: string;
}

/** For whoever keeps nothing over restarts. */
export function passingMemory(): MembersMemory {
  const entries = new Map<string, unknown>();
  return {
    get: key => entries.get(key),
    async set(key, value) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    },
  };
}

/**
 * What is meant: while nobody can say which VMs a selection means, it goes on meaning those of the last time,
 * and one that was changed goes on meaning those that are held, but for those that are declared otherwise by
 * now.
 */
export function meantBy(
  { resources: declared }: Catalog,
  { resources }: Pick<Expanded, 'resources'>,
  memory: Pick<MembersMemory, 'get'>,
): CatalogResource[] {
  const byThemselves = new Set(
    declared.flatMap(({ type, title, select }) => (select === undefined ? [nameOf(type, title)] : [])),
  );
  const keptOf = ({ address }: CatalogResource) => memory.get(membersKey(address)) as Kept | undefined;
  const membersOf = ({ fault: _, ...selection }: CatalogResource, members: readonly Member[]) =>
    members.flatMap(({ id, title }) =>
      [id, title].some(name => byThemselves.has(nameOf(selection.type, name)))
        ? []
        : [memberOf(selection, `${selection.address}/${title}`, title)],
    );
  const meant = resources.flatMap(one => {
    if (!one.fault || one.select === undefined) return [one];
    const kept = keptOf(one);
    return kept?.of !== digestOf(one) || kept.members.length === 0 ? [one] : membersOf(one, kept.members);
  });
  for (const { type, title } of meant) byThemselves.add(nameOf(type, title));
  const held = declared.flatMap(one =>
    one.select === undefined ? [] : membersOf(one, keptOf(one)?.held ?? []),
  );
  return [...meant, ...held];
}

/**
 * By address of a selection: titles of the VMs that it meant before it was changed, and that go on.
 *
 * @param meant as `meantBy` gave it
 */
export function heldMembers(
  { resources: declared }: Catalog,
  meant: readonly CatalogResource[],
  memory: Pick<MembersMemory, 'get'>,
): Map<Address, string[]> {
  const found = new Map<Address, string[]>();
  const there = new Set(meant.map(({ address }) => address));
  for (const { address, select } of declared) {
    const { held = [] } = (select && (memory.get(membersKey(address)) as Kept | undefined)) || {};
    const titles = held.flatMap(({ title }) => (there.has(`${address}/${title}`) ? [title] : []));
    if (titles.length > 0) found.set(address, titles.sort());
  }
  return found;
}

/**
 * Keeps what each selection means that could be listed.
 *
 * @param holds whether what a selection meant goes on that was changed: somebody can let go of it then
 */
export async function keepMembers(
  { selections }: Pick<Expanded, 'selections'>,
  memory: MembersMemory,
  holds: boolean,
) {
  const meant = new Set(selections.flatMap(({ members }) => members.map(({ id }) => id)));
  for (const one of selections) {
    const own = one.members.filter(({ title, resource }) => resource === `${one.address}/${title}`);
    const members = own.map(({ id, title }) => ({ id, title }));
    const key = membersKey(one.address);
    const of = digestOf(one);
    const before = holds ? (memory.get(key) as Kept | undefined) : undefined;
    const { target } = one.meta;
    const isThere = before?.target === target;
    const changed = isThere && before && before.of !== of ? before.members : [];
    const held = [...((isThere && before?.held) || []), ...changed].filter(({ id }) => !meant.has(id));
    const kept: Kept = {
      ...{ of, members },
      ...(target !== undefined && { target }),
      ...(held.length > 0 && { held }),
    };
    if (canonicalJson(memory.get(key) ?? null) !== canonicalJson(kept)) await memory.set(key, kept);
  }
}

const nameOf = (type: string, name: string): string => `${type} ${name.toLowerCase()}`;

const digestOf = ({ select, meta }: Pick<CatalogResource, 'select' | 'meta'>): string =>
  sha256(canonicalJson([select ?? null, meta.target ?? null]));
