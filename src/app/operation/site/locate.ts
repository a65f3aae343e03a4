import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { readIo } from '../../../engine/call/make-io.ts';
import type { CatalogTarget } from '../../../engine/model/catalog.ts';
import type { Context } from '../../app-context.ts';
import { type Located, limitsOf } from './duties.ts';
import type { Site } from './site.ts';

/** Where the VMs of each vCenter are that has limits for hosts or datastores; what can't be asked is told. */
export async function locate(
  { registry }: Context,
  { catalog, run }: Site,
  told: Diagnostic[],
): Promise<Map<string, Located>> {
  const located = new Map<string, Located>();
  const type = registry.types.get('protected_vm')!;
  const one = async (target: CatalogTarget): Promise<void> => {
    try {
      const vms = await (await readIo(run, { target, type }).client('vsphere')).vms();
      const names = vms.flatMap(vm => [[vm.name.toLowerCase(), vm] as const, [vm.uuid, vm] as const]);
      located.set(target.name, new Map(names));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      told.push(...error.diagnostics);
    }
  };
  const limited = catalog.targets.filter(target => {
    const { host_cycles: host, datastore_cycles: datastore } = limitsOf(target);
    return target.type === 'vsphere' && (host ?? datastore) !== undefined;
  });
  await Promise.all(limited.map(one));
  return located;
}
