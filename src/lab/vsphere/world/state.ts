/** `world.json`: the inventory of the lab's vCenter. What the disks hold is beside it, in `disks/`. */
export interface WorldState {
  version: 1;
  /** Number of the next managed object. */
  next: number;
  instanceUuid: string;
  folders: FolderState[];
  /** Since the first of them was made. */
  tags?: TagState[];
  vms: VmState[];
}

export interface TagState {
  uuid: string;
  name: string;
  /** Its name: a category is there while it has a tag. */
  category: string;
}

/** A folder of VMs. */
export interface FolderState {
  id: string;
  name: string;
  parent: string;
}

export type PowerState = 'poweredOn' | 'poweredOff' | 'suspended';

export interface VmState {
  /** Managed object id: `vm-12`. */
  id: string;
  name: string;
  /** What vCenter knows the VM by, and what its BIOS says. */
  instanceUuid: string;
  uuid: string;
  folder: string;
  /** UUIDs of the tags that are attached. */
  tags?: string[];
  /** Directory in the datastore. */
  directory: string;
  powerState: PowerState;
  /** It can't be started. */
  template?: boolean;
  /** Milliseconds since the epoch. */
  booted: number;
  modified: number;
  changeVersion: number;
  /** What was configured; the disks follow at the next stun. */
  changeTracking: boolean;
  /** The last removal could not merge its layers. */
  consolidationNeeded: boolean;
  disks: DiskState[];
  snapshots: SnapshotState[];
  /** It was made without what its disks hold: whoever has this lease sends that, until then at least. */
  importing?: { lease: string; until: number };
  /** `extraConfig`, by key. */
  extra?: Record<string, string>;
  /** Of VMs that were made since the lab knows it; the others are Windows on a BIOS. */
  hardware?: Hardware;
  currentSnapshot?: string;
}

/** What a VM is besides its disks. */
export interface Hardware {
  guestId: string;
  firmware: 'bios' | 'efi';
  secureBoot: boolean;
  vtpm: boolean;
  cpus: number;
  memoryMib: number;
  /** The guest sees the UUIDs of its disks, which VSS needs of them. */
  diskUuids?: boolean;
  /** Keys of disks. */
  bootOrder: number[];
  nics: { mac: string; addresses: string[] }[];
}

/** What a VM is that nothing was said of. */
export const plainHardware: Hardware = {
  guestId: 'windows2019srv_64Guest',
  firmware: 'bios',
  secureBoot: false,
  vtpm: false,
  cpus: 2,
  memoryMib: 4096,
  diskUuids: true,
  bootOrder: [],
  nics: [],
};

export type DiskMode = 'persistent' | 'independent_persistent';

export interface DiskState {
  /** Device key: 2000 + 16 x controller + unit. */
  key: number;
  /** Folder in `disks/`, and the backing's uuid. */
  uuid: string;
  /** File name in the VM's directory, without `.vmdk`. */
  stem: string;
  mode: DiskMode;
}

/** With the configuration as it was then. */
export interface SnapshotState {
  /** Managed object id: `snapshot-15`. */
  id: string;
  number: number;
  name: string;
  description: string;
  created: number;
  quiesced: boolean;
  powerState: VmState['powerState'];
  parent?: string;
  vmName: string;
  changeTracking: boolean;
  disks: DiskState[];
}

export const DATASTORE = { id: 'datastore-10', name: 'datastore1', bytes: 4 * 2 ** 40 };
export const DATACENTER = { id: 'datacenter-2', name: 'home' };
export const VM_FOLDER = 'group-v3';

/** Controller (from 0) and unit of a device key; the controller itself is unit 7. */
export const addressOf = (key: number): { controller: number; unit: number } => ({
  controller: Math.floor((key - 2000) / 16),
  unit: (key - 2000) % 16,
});

/** Device keys in the order in which disks are added. */
export function* diskKeys(): Generator<number> {
  for (let key = 2000; key < 2064; key++) if (addressOf(key).unit !== 7) yield key;
}

/** `[datastore1] dc02/dc02-000001.vmdk` of a disk's layer. */
export const filePath = (vm: VmState, disk: DiskState, layer: number): string =>
  `[${DATASTORE.name}] ${vm.directory}/${fileName(disk, layer)}.vmdk`;

export const fileName = (disk: DiskState, layer: number): string =>
  layer === 0 ? disk.stem : `${disk.stem}-${String(layer).padStart(6, '0')}`;
