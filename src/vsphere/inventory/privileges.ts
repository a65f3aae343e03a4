import type { Transport } from '../../replication/model/source.ts';

/** A privilege by its id in vSphere, what it has to be granted on, and what it is needed for. */
export interface Privilege {
  id: string;
  on: 'vm' | 'datastore' | 'pool' | 'folder' | 'pool, folder' | 'network';
  for: string;
  /** Only disks that are read that way need it. */
  by?: Transport['name'];
  /** VMware's guide to the VDDK names it for the other way as well; no VDDK has run here to show it. */
  named?: true;
  /** Only what brings a machine back home needs it. */
  failback?: true;
}

/**
 * All that is asked of a role in vSphere. Ids as `HasPrivilegeOnEntities` takes them; source: "Required
 * Privileges" of each method, vSphere Web Services API reference.
 */
export const PRIVILEGES: readonly Privilege[] = [
  { id: 'VirtualMachine.State.CreateSnapshot', on: 'vm', for: 'the snapshot of a cycle' },
  {
    id: 'VirtualMachine.State.RemoveSnapshot',
    on: 'vm',
    for: 'removing that snapshot, and consolidating its disks',
  },
  { id: 'VirtualMachine.Config.ChangeTracking', on: 'vm', for: 'switching change tracking on, once' },
  {
    id: 'VirtualMachine.Provisioning.DiskRandomRead',
    on: 'vm',
    for: 'asking which areas changed, and reading disks through nbdkit',
  },
  {
    id: 'VirtualMachine.Provisioning.GetVmFiles',
    on: 'vm',
    for: "reading disks over the datastore's HTTPS service; VMware's guide names it for nbdkit as well",
    by: 'datastore',
    named: true,
  },
  {
    id: 'Datastore.Browse',
    on: 'datastore',
    for: "reading disks over the datastore's HTTPS service",
    by: 'datastore',
  },
  {
    id: 'VirtualMachine.Interact.PowerOff',
    on: 'vm',
    for: '`failback`: asking the guest to shut down',
    failback: true,
  },
  { id: 'Datastore.FileManagement', on: 'datastore', for: '`failback`: writing disks', failback: true },
  {
    id: 'VirtualMachine.Provisioning.DiskRandomAccess',
    on: 'vm',
    for: '`failback --to-vsphere`: writing what differs, through nbdkit',
    failback: true,
  },
  {
    id: 'VirtualMachine.Config.DiskLease',
    on: 'vm',
    for: '`failback --to-vsphere`: holding the disk meanwhile',
    failback: true,
  },
  { id: 'VApp.Import', on: 'pool, folder', for: '`failback --as-new`: making the VM', failback: true },
  {
    id: 'Resource.AssignVMToPool',
    on: 'pool',
    for: '`failback --as-new`: putting it into the pool',
    failback: true,
  },
  {
    id: 'VirtualMachine.Config.AddNewDisk',
    on: 'pool, folder',
    for: '`failback --as-new`: giving it disks',
    failback: true,
  },
  {
    id: 'VirtualMachine.Config.AdvancedConfig',
    on: 'folder',
    for: '`failback --as-new`: the mark that it is found by',
    failback: true,
  },
  {
    id: 'VirtualMachine.Config.Settings',
    on: 'folder',
    for: '`failback --as-new`: the disk that it boots from',
    failback: true,
  },
  {
    id: 'VirtualMachine.Inventory.Delete',
    on: 'folder',
    for: '`failback --as-new`: removing one that was left half made',
    failback: true,
  },
  {
    id: 'Datastore.AllocateSpace',
    on: 'datastore',
    for: '`failback --as-new`: room for its disks',
    failback: true,
  },
  { id: 'Network.Assign', on: 'network', for: '`failback --as-new`: connecting it', failback: true },
];

/** One that a cycle needs. `perhaps`: why it may do without, as a clause. */
export type Need = Privilege & { perhaps?: string };

/**
 * Those that a cycle needs on a VM, and on the datastores of its disks.
 *
 * @param ways by which disks are read: the later ones only where the first one can't be started
 */
export const neededFor = (ways: readonly Transport['name'][]): Need[] =>
  PRIVILEGES.filter(({ failback }) => !failback).flatMap(one => {
    if (one.by === undefined || one.by === ways[0]) return [one];
    if (ways.includes(one.by))
      return [{ ...one, perhaps: 'disks are read over HTTPS only where nbdkit does not start' }];
    return one.named ? [{ ...one, perhaps: "VMware's guide to the VDDK names it" }] : [];
  });
