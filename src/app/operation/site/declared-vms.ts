import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { DeclaredVm } from '../../../operation/model.ts';
import type { RepositoryRef } from '../../../replication/model/clients.ts';
import { repositoryRef } from '../../../resources/shared/repository-property.ts';
import { type ProtectedVmProperties, rpoOf, timetableOf } from '../../../resources/vsphere/protection.ts';

/** The protected VMs among resources, and the repositories that they name, each once. */
export function declaredVms(resources: readonly CatalogResource[]): {
  declared: DeclaredVm[];
  refs: Map<string, RepositoryRef>;
} {
  const refs = new Map<string, RepositoryRef>();
  const declared = resources
    .filter(({ type }) => type === 'protected_vm')
    .map(({ address, title, meta, select, properties: written }): DeclaredVm => {
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
        ...(select !== undefined && { unlisted: true as const }),
      };
    });
  return { declared, refs };
}
