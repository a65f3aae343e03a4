import { invalidArgument, noPermission, notFound, VimFault } from '../soap/faults.ts';
import { type Ref, ref, text } from '../soap/vim.ts';
import {
  childOf,
  childrenOf,
  type Element,
  flagOf,
  integerOf,
  refOf,
  required,
  textOf,
} from '../soap/xml-reader.ts';
import type { DiskContent } from '../world/machines.ts';
import { DATASTORE, type Hardware } from '../world/state.ts';
import type { Method } from './method.ts';

const leaseOf = ({ self }: { self: Ref }) => self.id;

/** ImportVApp, and the lease that its disks are sent through. */
export const importMethods: Record<string, Method> = {
  async ImportVApp(vcenter, call) {
    const { machines, inventory, rules, leases } = vcenter;
    if (call.self.ref !== 'ResourcePool') throw notFound(call.self);
    const missing = rules.all('missing-privilege').find(rule => rule.privilege === 'VApp.Import');
    if (missing) throw noPermission(call.self, missing.privilege);
    const config = childOf(childOf(call.args, 'spec') ?? call.args, 'configSpec');
    if (!config) throw invalidArgument('spec');
    const folder = refOf(call.args, 'folder');
    if (folder?.ref !== 'Folder' || !inventory.find(folder)) throw invalidArgument('folder');
    const name = decodeURIComponent(required(config, 'name'));
    if (inventory.childNamed(folder, name))
      throw new VimFault('DuplicateName', `The name '${name}' already exists.`, { name: text(name) });
    const { disks, nics } = devicesOf(config);
    const boot = childOf(config, 'bootOptions');
    const vm = await machines.addVm(name, disks, {
      folderId: folder.id,
      power: 'poweredOff',
      extra: extraOf(config),
      hardware: {
        guestId: required(config, 'guestId'),
        firmware: textOf(config, 'firmware') === 'efi' ? 'efi' : 'bios',
        secureBoot: boot ? (flagOf(boot, 'efiSecureBootEnabled') ?? false) : false,
        cpus: integerOf(config, 'numCPUs') ?? 1,
        memoryMib: integerOf(config, 'memoryMB') ?? 32,
        ...(nics && { nics }),
      },
    });
    return ref('HttpNfcLease', await leases.begin(vm));
  },
  HttpNfcLeaseProgress({ leases }, call) {
    integerOf(call.args, 'percent');
    leases.progress(leaseOf(call));
    return undefined;
  },
  async HttpNfcLeaseComplete({ leases }, call) {
    await leases.complete(leaseOf(call));
    return undefined;
  },
  async HttpNfcLeaseAbort({ leases }, call) {
    await leases.abort(leaseOf(call));
    return undefined;
  },
};

/** `extraConfig` of a specification, by key. */
export const extraOf = (config: Element): Record<string, string> =>
  Object.fromEntries(
    childrenOf(config, 'extraConfig').map(one => [required(one, 'key'), textOf(one, 'value') ?? '']),
  );

function devicesOf(config: Element): { disks: DiskContent[]; nics: Hardware['nics'] } {
  const devices = childrenOf(config, 'deviceChange').flatMap(change => {
    if (textOf(change, 'operation') !== 'add') throw invalidArgument('deviceChange.operation');
    return childOf(change, 'device') ?? [];
  });
  const buses = new Map(
    devices
      .filter(({ xsiType }) => xsiType === 'ParaVirtualSCSIController')
      .map(one => [integerOf(one, 'key'), integerOf(one, 'busNumber') ?? 0]),
  );
  const disks = devices
    .filter(({ xsiType }) => xsiType === 'VirtualDisk')
    .map((one): DiskContent => {
      const bus = buses.get(integerOf(one, 'controllerKey'));
      const backing = childOf(one, 'backing');
      if (bus === undefined)
        throw new VimFault('NotSupported', 'The lab has disks on ParaVirtual SCSI alone.');
      if (!backing || textOf(backing, 'datastore') !== DATASTORE.id)
        throw invalidArgument('backing.datastore');
      return {
        bytes: integerOf(one, 'capacityInBytes') ?? 0,
        key: 2000 + 16 * bus + (integerOf(one, 'unitNumber') ?? 0),
      };
    });
  const cards = devices.filter(({ xsiType }) => xsiType === 'VirtualVmxnet3');
  const nics = cards.map((one, n) => ({
    mac: textOf(one, 'macAddress') ?? `00:50:56:80:00:${String(n).padStart(2, '0')}`,
    addresses: [],
  }));
  return { disks, nics };
}
