import { weakenedBy } from '../../../engine/guard/protection.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Address, Catalog, CatalogResource, CatalogTarget } from '../../../engine/model/catalog.ts';
import { segments } from '../../../engine/model/pointer.ts';
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

/** What a VM would lose, and the property that says so; without one it is the VM as a whole. */
interface Less {
  why: string;
  property?: keyof ProtectedVmProperties;
}

/** How old a point may become follows from all of these. */
const times = ['schedule', 'rpo', 'timezone', 'windows'] as const;

/**
 * What an agent goes by from now on: the new manifests, but for each property of a VM by which they protect
 * less, and each VM that they don't protect at all, what was declared before.
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
    const less: Less[] = is ? lessThan(was, is) : [{ why: 'it is not declared any more' }];
    if (less.length === 0) continue;
    held.push({ address, why: less.map(({ why }) => why) });
    declared.set(address, is ? withProperties(was, is, less) : was);
  }
  if (held.length === 0) return { catalog: next, held };
  const names = new Set(next.targets.map(({ name }) => name));
  const kept = targets.filter(({ name }) => !names.has(name));
  return {
    catalog: { ...next, resources: [...declared.values()], targets: [...next.targets, ...kept] },
    held,
  };

  function lessThan(was: CatalogResource, is: CatalogResource): Less[] {
    const graded = weakenedBy(type, was.properties, is.properties).map(({ path, before, after }) => {
      const name = path.slice(1).replaceAll('/', '.');
      return {
        why: changed(name, before, after),
        property: segments(path)[0] as keyof ProtectedVmProperties,
      };
    });
    const urls = [was, is].map(({ properties }) => {
      const { repository } = properties as unknown as { repository: RepositoryProperty };
      return repositoryRef(repository).url.canonical;
    });
    const [rpoWas, rpoIs] = [was, is].map(longestAge);
    const [keptWas, keptIs] = [was, is].map(({ properties }) => properties.retention as Retained);
    return [
      ...graded,
      ...(urls[0] === urls[1]
        ? []
        : [{ why: changed('repository', urls[0], urls[1]), property: 'repository' as const }]),
      ...(rpoIs! > rpoWas! && !graded.some(({ property }) => isTime(property))
        ? [{ why: 'its newest point may become older than before', property: 'schedule' as const }]
        : []),
      ...(keepsLess(keptWas, keptIs) && !graded.some(({ property }) => property === 'retention')
        ? [{ why: changed('retention', keptWas, keptIs), property: 'retention' as const }]
        : []),
      ...(is.meta.ensure === 'absent' && was.meta.ensure !== 'absent' ? [{ why: 'it is to be absent' }] : []),
    ];
  }
}

const isTime = (property: string): boolean => times.some(name => name === property);

/** What is declared now, with what was declared before where that protected more. */
function withProperties(was: CatalogResource, is: CatalogResource, less: readonly Less[]): CatalogResource {
  const names = new Set<string>();
  for (const { property } of less) {
    if (property === undefined) return was;
    for (const name of isTime(property) ? times : [property]) names.add(name);
  }
  const of = ({ properties }: CatalogResource, isHeld: boolean) =>
    Object.entries(properties).filter(([name]) => names.has(name) === isHeld);
  return { ...is, properties: Object.fromEntries([...of(is, false), ...of(was, true)]) };
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
