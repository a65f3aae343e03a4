import type { Catalog, CatalogResource } from '../../../engine/model/catalog.ts';
import type { Expanded } from '../../../engine/select/members.ts';
import type { DeclaredVm } from '../../../operation/model.ts';
import type { RepositoryRef } from '../../../replication/model/clients.ts';
import { repositoryRef } from '../../../resources/shared/repository-property.ts';
import { type ProtectedVmProperties, rpoOf, timetableOf } from '../../../resources/vsphere/protection.ts';

/** The selections of protected VMs that mean none, as they are declared. */
export const emptySelections = (
  { resources }: Catalog,
  { selections }: Pick<Expanded, 'selections'>,
): CatalogResource[] => {
  const empty = new Set(
    selections.filter(({ members }) => members.length === 0).map(({ address }) => address),
  );
  return resources.filter(
    ({ type, address, meta }) => type === 'protected_vm' && meta.ensure !== 'absent' && empty.has(address),
  );
};

/**
 * The protected VMs among resources, and the repositories that they name, each once.
 *
 * @param empty selections that mean no VM: they are declared as well
 */
export function declaredVms(
  resources: readonly CatalogResource[],
  empty: readonly CatalogResource[] = [],
): {
  declared: DeclaredVm[];
  refs: Map<string, RepositoryRef>;
} {
  const refs = new Map<string, RepositoryRef>();
  const isEmpty = new Set(empty);
  const declared = [...resources, ...empty]
    .filter(({ type }) => type === 'protected_vm')
    .map((resource): DeclaredVm => {
      const { address, title, meta, select, properties: written } = resource;
      const properties = written as unknown as ProtectedVmProperties;
      const ref = repositoryRef(properties.repository);
      if (!refs.has(ref.url.canonical)) refs.set(ref.url.canonical, ref);
      const rpo = rpoOf(properties);
      return {
        address,
        title,
        repository: ref.url.canonical,
        timetable: timetableOf(properties, [meta.window ? [meta.window] : []]),
        ...(rpo !== undefined && { rpo }),
        ...(meta.labels.length > 0 && { labels: meta.labels }),
        ...(isEmpty.has(resource)
          ? { empty: true as const }
          : select !== undefined && { unlisted: true as const }),
      };
    });
  return { declared, refs };
}
