/** A privilege by its id in vSphere, what it has to be granted on, and what it is needed for. */
export interface Privilege {
  id: string;
  on: 'vm' | 'datastore';
  for: string;
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
  { id: 'Datastore.Browse', on: 'datastore', for: "reading disks over the datastore's HTTPS service" },
  {
    id: 'VirtualMachine.Interact.PowerOff',
    on: 'vm',
    for: '`failback`: asking the guest to shut down',
    failback: true,
  },
  { id: 'Datastore.FileManagement', on: 'datastore', for: '`failback`: writing disks', failback: true },
];

/** Those that a cycle needs on a VM, or on the datastores of its disks. */
export const neededOn = (on: Privilege['on']): string[] =>
  PRIVILEGES.filter(one => one.on === on && !one.failback).map(({ id }) => id);
