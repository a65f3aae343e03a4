import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { Processes } from '../../io/ports.ts';
import type { Reading } from '../../vsphere/client/connect.ts';

/** How a vsphere target says that disks are to be read. */
export function readingOf(target: CatalogTarget | undefined, processes: Processes): Reading {
  const { transport, nbdkit } = (target?.properties ?? {}) as Pick<Reading, 'transport' | 'nbdkit'>;
  return {
    processes,
    ...(transport !== undefined && { transport }),
    ...(nbdkit !== undefined && { nbdkit }),
  };
}
