import { weakenedBy } from '../../../engine/guard/protection.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Address, Catalog, CatalogResource, CatalogTarget } from '../../../engine/model/catalog.ts';
import type { Registry } from '../../../engine/model/resource-type.ts';
import { longestClosed } from '../../../engine/model/window.ts';
import { type RepositoryProperty, repositoryRef } from '../../../resources/shared/repository-property.ts';
import { type ProtectedVmProperties, rpoOf, timetableOf } from '../../../resources/vsphere/protection.ts';
import { longestGap } from '../../../schedule/schedule.ts';

/** A VM for which an agent goes on with what was declared before. */
export interface HeldBack {
  address: Address;
  /** `it is not declared any more`, "`schedule` was 15m and is 1h". */
  why: string[];
}

/**
 * What an agent goes by from now on: the new manifests, but for each VM that they protect less, or not at
 * all, what was declared before.
 *
 * @param before what it went by so far, by address
 * @param targets of the manifests before: what is held may name one that is gone
 */
export function takeUp(
  before: ReadonlyMap<Address, CatalogResource>,
  targets: readonly CatalogTarget[],
  next: Catalog,
  { types }: Registry,
): { catalog: Catalog; held: HeldBack[] } {
  const type = types.get('protected_vm')!;
  const declared = new Map(next.resources.map(one => [one.address, one]));
  const held: HeldBack[] = [];
  for (const [address, was] of before) {
    const is = declared.get(address);
    const why = is ? lessThan(was, is) : ['it is not declared any more'];
    if (why.length === 0) continue;
    held.push({ address, why });
    declared.set(address, was);
  }
  if (held.length === 0) return { catalog: next, held };
  const names = new Set(next.targets.map(({ name }) => name));
  const kept = targets.filter(({ name }) => !names.has(name));
  return {
    catalog: { ...next, resources: [...declared.values()], targets: [...next.targets, ...kept] },
    held,
  };

  function lessThan(was: CatalogResource, is: CatalogResource): string[] {
    const graded = weakenedBy(type, was.properties, is.properties).map(({ path, before, after }) =>
      changed(path.slice(1).replaceAll('/', '.'), before, after),
    );
    const urls = [was, is].map(({ properties }) => {
      const { repository } = properties as unknown as { repository: RepositoryProperty };
      return repositoryRef(repository).url.canonical;
    });
    const [rpoWas, rpoIs] = [was, is].map(longestAge);
    const [keptWas, keptIs] = [was, is].map(({ properties }) => properties.retention as Retained);
    return [
      ...graded,
      ...(urls[0] === urls[1] ? [] : [changed('repository', urls[0], urls[1])]),
      ...(graded.length === 0 && rpoIs! > rpoWas! ? ['its newest point may become older than before'] : []),
      ...(keepsLess(keptWas, keptIs) && !graded.some(text => text.startsWith('`retention.'))
        ? [changed('retention', keptWas, keptIs)]
        : []),
      ...(is.meta.ensure === 'absent' && was.meta.ensure !== 'absent' ? ['it is to be absent'] : []),
    ];
  }
}

type Retained = Record<string, string> | undefined;

/** A rule that is gone keeps nothing any more; without any rule everything was kept. */
const keepsLess = (was: Retained, is: Retained): boolean =>
  is !== undefined && (was === undefined || Object.keys(was).some(rule => is[rule] === undefined));

const changed = (name: string, was: unknown, is: unknown): string => {
  const said = (value: unknown) => (value === undefined ? 'nothing' : canonicalJson(value));
  return `\`${name}\` was ${said(was)} and is ${said(is)}`;
};

/** How old a newest point may become at most, ms, whatever the calendar says besides. */
function longestAge({ properties, meta }: CatalogResource): number {
  const declared = properties as unknown as ProtectedVmProperties;
  const rpo = rpoOf(declared);
  if (rpo !== undefined) return rpo;
  const { schedule, windows } = timetableOf(declared, [meta.window ? [meta.window] : []]);
  return 2 * Math.max(longestGap(schedule), ...windows.map(longestClosed));
}

/** As a state folder keeps it. */
export type Kept = Omit<CatalogResource, 'places' | 'fault' | 'selectedBy'>;

export const kept = ({ places: _, fault, selectedBy, ...rest }: CatalogResource): Kept => rest;

export const restored = (one: Kept): CatalogResource => ({ ...one, places: new Map() });
