import { membersKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Catalog, CatalogResource } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { type Expanded, memberOf } from '../../../engine/select/members.ts';
import { sha256 } from '../../../values/digest.ts';

/** Where is kept what selections meant when they were last listed. */
export type MembersMemory = Pick<EngineMemory, 'get' | 'set'>;

interface Kept {
  /** Digest of what was asked for: another selection means others. */
  of: string;
  members: { id: string; title: string }[];
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
 * but for those that are declared by themselves by now.
 */
export function meantBy(
  { resources: declared }: Catalog,
  { resources }: Pick<Expanded, 'resources'>,
  memory: Pick<MembersMemory, 'get'>,
): CatalogResource[] {
  const byThemselves = new Set(
    declared.flatMap(({ type, title, select }) => (select === undefined ? [nameOf(type, title)] : [])),
  );
  return resources.flatMap(one => {
    if (!one.fault || one.select === undefined) return [one];
    const kept = memory.get(membersKey(one.address)) as Kept | undefined;
    if (kept?.of !== digestOf(one) || kept.members.length === 0) return [one];
    const { fault: _, ...selection } = one;
    return kept.members.flatMap(({ id, title }) =>
      [id, title].some(name => byThemselves.has(nameOf(one.type, name)))
        ? []
        : [memberOf(selection, `${one.address}/${title}`, title)],
    );
  });
}

/** Keeps what each selection means that could be listed. */
export async function keepMembers({ selections }: Pick<Expanded, 'selections'>, memory: MembersMemory) {
  for (const one of selections) {
    const own = one.members.filter(({ title, resource }) => resource === `${one.address}/${title}`);
    const members = own.map(({ id, title }) => ({ id, title }));
    const kept: Kept = { of: digestOf(one), members };
    const key = membersKey(one.address);
    if (canonicalJson(memory.get(key) ?? null) !== canonicalJson(kept)) await memory.set(key, kept);
  }
}

const nameOf = (type: string, name: string): string => `${type} ${name.toLowerCase()}`;

const digestOf = ({ select, meta }: Pick<CatalogResource, 'select' | 'meta'>): string =>
  sha256(canonicalJson([select ?? null, meta.target ?? null]));
