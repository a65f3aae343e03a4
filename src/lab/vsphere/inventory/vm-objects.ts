import { bool, type Data, data, int, list, long, oneOf, ref, text, time, type Value } from '../soap/vim.ts';
import type { Machines } from '../world/machines.ts';
import {
  addressOf,
  DATASTORE,
  type DiskState,
  filePath,
  type Hardware,
  plainHardware,
  type SnapshotState,
  type VmState,
} from '../world/state.ts';

/** Bytes, layers and change id of a disk: now, or as a snapshot froze it. */
interface DiskView {
  capacity: number;
  layers: number[];
  changeId?: string | undefined;
}

const hardwareOf = (vm: VmState): Hardware => vm.hardware ?? plainHardware;

/** A name that people read; clients go by the identifier. */
const fullName = (guestId: string): string =>
  guestId === plainHardware.guestId ? 'Microsoft Windows Server 2019 (64-bit)' : guestId;

/** Device keys of network cards begin at 4000. */
const nicOf = (mac: string, number: number): Data =>
  data('VirtualVmxnet3', {
    key: int(4000 + number),
    deviceInfo: described(`Network adapter ${number + 1}`, 'VM Network'),
    controllerKey: int(100),
    unitNumber: int(7 + number),
    addressType: text('manual'),
    macAddress: text(mac),
    wakeOnLanEnabled: bool(true),
  });

const guestNicOf = (mac: string, addresses: string[], number: number): Data =>
  data('GuestNicInfo', {
    network: text('VM Network'),
    ipAddress: list('string', addresses.map(text)),
    macAddress: text(mac),
    connected: bool(true),
    deviceConfigId: int(4000 + number),
  });

export const HOST = ref('HostSystem', 'host-9');

/** `VirtualMachine.config`, or that of a snapshot when one is given. */
export function configOf(machines: Machines, vm: VmState, snapshot?: SnapshotState): Data {
  const { changeTracking, disks } = snapshot ?? vm;
  const hardware = hardwareOf(vm);
  return data('VirtualMachineConfigInfo', {
    changeVersion: text(vm.changeVersion),
    modified: time(snapshot?.created ?? vm.modified),
    name: text(snapshot?.vmName ?? vm.name),
    guestFullName: text(fullName(hardware.guestId)),
    version: text('vmx-19'),
    uuid: text(vm.uuid),
    instanceUuid: text(vm.instanceUuid),
    template: bool(vm.template ?? false),
    guestId: text(hardware.guestId),
    alternateGuestName: text(''),
    files: filesOf(vm),
    flags: data('VirtualMachineFlagInfo', { diskUuidEnabled: bool(hardware.diskUuids ?? true) }),
    defaultPowerOps: data('VirtualMachineDefaultPowerOpInfo', {}),
    hardware: data('VirtualHardware', {
      numCPU: int(hardware.cpus),
      numCoresPerSocket: int(1),
      memoryMB: int(hardware.memoryMib),
      device: list('VirtualDevice', [
        ...devicesOf(machines, vm, disks, snapshot),
        ...hardware.nics.map(({ mac }, number) => nicOf(mac, number)),
        ...(hardware.vtpm ? [data('VirtualTPM', { key: int(11_000) })] : []),
      ]),
    }),
    bootOptions: data('VirtualMachineBootOptions', {
      bootOrder: list(
        'VirtualMachineBootOptionsBootableDevice',
        hardware.bootOrder.map(key =>
          data('VirtualMachineBootOptionsBootableDiskDevice', { deviceKey: int(key) }),
        ),
      ),
      efiSecureBootEnabled: bool(hardware.secureBoot),
    }),
    firmware: text(hardware.firmware),
    changeTrackingEnabled: bool(changeTracking),
    extraConfig: list(
      'OptionValue',
      Object.entries(vm.extra ?? {}).map(([key, value]) =>
        data('OptionValue', { key: text(key), value: text(value) }),
      ),
    ),
  });
}

export function capabilityOf(): Data {
  const yes = [
    'snapshotOperationsSupported',
    'multipleSnapshotsSupported',
    'poweredOffSnapshotsSupported',
    'quiescedSnapshotsSupported',
    'changeTrackingSupported',
  ];
  const no = ['snapshotConfigSupported', 'memorySnapshotsSupported', 'revertToSnapshotSupported'];
  return data(
    'VirtualMachineCapability',
    Object.fromEntries([...yes.map(name => [name, bool(true)]), ...no.map(name => [name, bool(false)])]),
  );
}

export const runtimeOf = (vm: VmState, state = 'connected'): Data =>
  data('VirtualMachineRuntimeInfo', {
    host: HOST,
    connectionState: oneOf('VirtualMachineConnectionState', state),
    powerState: oneOf('VirtualMachinePowerState', vm.powerState),
    faultToleranceState: oneOf('VirtualMachineFaultToleranceState', 'notConfigured'),
    toolsInstallerMounted: bool(false),
    bootTime: vm.powerState === 'poweredOn' ? time(vm.booted) : undefined,
    numMksConnections: int(0),
    recordReplayState: oneOf('VirtualMachineRecordReplayState', 'inactive'),
    onlineStandby: bool(false),
    consolidationNeeded: bool(vm.consolidationNeeded),
  });

export const guestOf = (vm: VmState): Data => {
  const on = vm.powerState === 'poweredOn';
  return data('GuestInfo', {
    toolsStatus: oneOf('VirtualMachineToolsStatus', on ? 'toolsOk' : 'toolsNotRunning'),
    toolsVersionStatus2: text('guestToolsCurrent'),
    toolsRunningStatus: text(on ? 'guestToolsRunning' : 'guestToolsNotRunning'),
    net: list(
      'GuestNicInfo',
      on ? hardwareOf(vm).nics.map(({ mac, addresses }, number) => guestNicOf(mac, addresses, number)) : [],
    ),
    guestState: text(on ? 'running' : 'notRunning'),
  });
};

export const summaryOf = (vm: VmState): Data =>
  data('VirtualMachineSummary', {
    vm: ref('VirtualMachine', vm.id),
    runtime: runtimeOf(vm),
    guest: data('VirtualMachineGuestSummary', {
      guestId: text(hardwareOf(vm).guestId),
      guestFullName: text(fullName(hardwareOf(vm).guestId)),
    }),
    config: data('VirtualMachineConfigSummary', {
      name: text(vm.name),
      template: bool(vm.template ?? false),
      vmPathName: text(vmxPath(vm)),
      memorySizeMB: int(hardwareOf(vm).memoryMib),
      numCpu: int(hardwareOf(vm).cpus),
      numEthernetCards: int(hardwareOf(vm).nics.length),
      numVirtualDisks: int(vm.disks.length),
      uuid: text(vm.uuid),
      instanceUuid: text(vm.instanceUuid),
      guestId: text(hardwareOf(vm).guestId),
      guestFullName: text(fullName(hardwareOf(vm).guestId)),
    }),
    quickStats: data('VirtualMachineQuickStats', {
      guestHeartbeatStatus: oneOf('ManagedEntityStatus', vm.powerState === 'poweredOn' ? 'green' : 'gray'),
    }),
    overallStatus: oneOf('ManagedEntityStatus', 'green'),
  });

/** `VirtualMachine.snapshot`: unset when there are none. */
export function snapshotInfoOf(vm: VmState): Data | undefined {
  if (vm.snapshots.length === 0) return undefined;
  const treeBelow = (parent: string | undefined): Value[] =>
    vm.snapshots
      .filter(one => one.parent === parent)
      .map(one =>
        data('VirtualMachineSnapshotTree', {
          snapshot: ref('VirtualMachineSnapshot', one.id),
          vm: ref('VirtualMachine', vm.id),
          name: text(one.name),
          description: text(one.description),
          id: int(one.number),
          createTime: time(one.created),
          state: oneOf('VirtualMachinePowerState', one.powerState),
          quiesced: bool(one.quiesced),
          childSnapshotList: list('VirtualMachineSnapshotTree', treeBelow(one.id)),
          replaySupported: bool(false),
        }),
      );
  return data('VirtualMachineSnapshotInfo', {
    currentSnapshot:
      vm.currentSnapshot === undefined ? undefined : ref('VirtualMachineSnapshot', vm.currentSnapshot),
    rootSnapshotList: list('VirtualMachineSnapshotTree', treeBelow(undefined)),
  });
}

const vmxPath = (vm: VmState): string => `[${DATASTORE.name}] ${vm.directory}/${vm.directory}.vmx`;

const filesOf = (vm: VmState): Data =>
  data('VirtualMachineFileInfo', {
    vmPathName: text(vmxPath(vm)),
    snapshotDirectory: text(`[${DATASTORE.name}] ${vm.directory}/`),
    suspendDirectory: text(`[${DATASTORE.name}] ${vm.directory}/`),
    logDirectory: text(`[${DATASTORE.name}] ${vm.directory}/`),
  });

function devicesOf(machines: Machines, vm: VmState, disks: DiskState[], snapshot?: SnapshotState): Value[] {
  const controllers = new Set([0, ...disks.map(disk => addressOf(disk.key).controller)]);
  return [
    ...[...controllers].map(bus => controllerOf(bus, disks)),
    ...disks.map((disk, index) => diskOf(machines, vm, disk, index, snapshot)),
  ];
}

const controllerOf = (bus: number, disks: DiskState[]): Data =>
  data('ParaVirtualSCSIController', {
    key: int(1000 + bus),
    deviceInfo: described(`SCSI controller ${bus}`, 'VMware paravirtual SCSI'),
    controllerKey: int(100),
    unitNumber: int(3 + bus),
    busNumber: int(bus),
    device: list(
      'int',
      disks.filter(disk => addressOf(disk.key).controller === bus).map(disk => int(disk.key)),
    ),
    hotAddRemove: bool(true),
    sharedBus: oneOf('VirtualSCSISharing', 'noSharing'),
    scsiCtlrUnitNumber: int(7),
  });

function diskOf(
  machines: Machines,
  vm: VmState,
  disk: DiskState,
  index: number,
  snapshot?: SnapshotState,
): Data {
  const view = viewOf(machines, disk, snapshot);
  const { controller, unit } = addressOf(disk.key);
  return data('VirtualDisk', {
    key: int(disk.key),
    deviceInfo: described(
      `Hard disk ${index + 1}`,
      `${Math.floor(view.capacity / 1024).toLocaleString('en-US')} KB`,
    ),
    backing: backingOf(vm, disk, view.layers, view.changeId),
    controllerKey: int(1000 + controller),
    unitNumber: int(unit),
    capacityInKB: long(Math.floor(view.capacity / 1024)),
    capacityInBytes: long(view.capacity),
    diskObjectId: text(`${vm.id.slice(3)}-${disk.key}`),
  });
}

function viewOf(machines: Machines, state: DiskState, snapshot?: SnapshotState): DiskView {
  const disk = machines.disk(state.uuid);
  // An independent disk has no frozen state: the snapshot's configuration only names it.
  if (snapshot && disk.snapshots().includes(snapshot.id)) return disk.frozen(snapshot.id);
  return { capacity: disk.capacity(), layers: disk.layers(), changeId: disk.changeId() };
}

function backingOf(vm: VmState, disk: DiskState, layers: number[], changeId?: string): Data {
  const parents = layers.slice(0, -1);
  return data('VirtualDiskFlatVer2BackingInfo', {
    fileName: text(filePath(vm, disk, layers.at(-1)!)),
    datastore: ref('Datastore', DATASTORE.id),
    diskMode: text(disk.mode),
    split: bool(false),
    writeThrough: bool(false),
    thinProvisioned: bool(true),
    uuid: text(disk.uuid),
    contentId: text(disk.uuid.replaceAll('-', '')),
    changeId: changeId === undefined ? undefined : text(changeId),
    parent: parents.length > 0 ? backingOf(vm, disk, parents) : undefined,
    digestEnabled: bool(false),
  });
}

const described = (label: string, summary: string): Data =>
  data('Description', { label: text(label), summary: text(summary) });
