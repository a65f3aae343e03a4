import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import type { MachineDisk, MachineNic } from '../../replication/model/machine.ts';
import type { NewMachine } from '../../replication/model/source.ts';
import { inventoryName } from '../inventory/inventory.ts';
import { ref } from '../soap/moref.ts';
import { el, type Outgoing } from '../soap/xml-writer.ts';
import type { Network, Place } from './place.ts';

/** Key of a machine's configuration that holds whose it is. */
export const MARK = 'converge.failback';

/**
 * What a machine is made from: a VirtualMachineImportSpec by hand, since an OVF descriptor on its way through
 * CreateImportSpec loses controllers that it doesn't know. Order of the elements is the schema's.
 *
 * @param keepMacs nothing else has its MAC addresses any more
 */
export function importSpec(machine: NewMachine, place: Place, keepMacs: boolean): Outgoing {
  const { guest_id, cpus, memory, firmware, secure_boot, nics } = machine.machine;
  const disks = disksOf(machine);
  const controllers = controllersOf(disks.map(({ disk }) => disk));
  const changes = [
    ...controllers.map(({ disk, key }) => add(controller(disk, key))),
    ...disks.map(({ disk, bytes }, n) => {
      const { key } = controllers.find(one => isOn(one.disk, disk))!;
      return add(virtualDisk(disk, bytes, { key: -200 - n, controller: key, place }), 'create');
    }),
    ...nics.map((nic, n) => add(card(nic, -400 - n, place.networks[n]!, keepMacs))),
  ];
  const config = el('configSpec', [
    el('name', inventoryName(machine.name)),
    el('guestId', guest_id),
    el('files', [el('vmPathName', `[${place.datastore.name}]`)]),
    el('numCPUs', cpus),
    el('memoryMB', memory),
    ...changes,
    mark(machine.mark, false),
    ...(firmware === 'efi' ? [el('bootOptions', [el('efiSecureBootEnabled', secure_boot)])] : []),
    el('firmware', firmware),
  ]);
  return el('spec', [config], { 'xsi:type': 'VirtualMachineImportSpec' });
}

/** An element of `extraConfig`. @param finished all of it is there, and was compared */
export const mark = (text: string, finished: boolean): Outgoing =>
  el('extraConfig', [
    el('key', MARK),
    el('value', `${finished ? 'whole' : 'importing'} ${text}`, {
      'xsi:type': 'xsd:string',
      'xmlns:xsd': XSD,
    }),
  ]);

const XSD = 'http://www.w3.org/2001/XMLSchema';

/** What is wrong with a record that a machine is to be made from. */
export function unmakeable(machine: NewMachine): Diagnostic[] {
  const unknown = disksOf(machine).filter(({ disk }) => !(disk.controller in shapes));
  return unknown.map(({ disk }) =>
    given('new-vm-place', `no ${disk.controller} can be made, which disk ${disk.key} is on`, {
      hint: 'bring it home into a folder with --to DIR, and make the machine by hand',
    }),
  );
}

/** The disks that it gets, in the order of the record. */
export const disksOf = ({
  machine,
  disks,
}: Pick<NewMachine, 'machine' | 'disks'>): { disk: MachineDisk; bytes: number }[] =>
  machine.disks.flatMap(disk => {
    const wanted = disks.find(({ key }) => key === disk.key);
    return wanted ? [{ disk, bytes: wanted.bytes }] : [];
  });

/** How controllers are told apart: `shared`: those of SCSI say whether others share their bus. */
const shapes: Readonly<Record<string, { shared: boolean }>> = {
  ParaVirtualSCSIController: { shared: true },
  VirtualLsiLogicController: { shared: true },
  VirtualLsiLogicSASController: { shared: true },
  VirtualBusLogicController: { shared: true },
  VirtualIDEController: { shared: false },
  VirtualAHCIController: { shared: false },
  VirtualNVMEController: { shared: false },
};

const isOn = (a: MachineDisk, b: MachineDisk) => a.controller === b.controller && a.bus === b.bus;

/** A machine has its two IDE controllers from the beginning, with these keys. */
const ideKey = 200;

function controllersOf(disks: readonly MachineDisk[]): { disk: MachineDisk; key: number }[] {
  const first = disks.filter((disk, n) => disks.findIndex(one => isOn(one, disk)) === n);
  return first.map((disk, n) => ({
    disk,
    key: disk.controller === 'VirtualIDEController' ? ideKey + disk.bus : -100 - n,
  }));
}

const add = (device: Outgoing, file?: 'create'): Outgoing =>
  el('deviceChange', [el('operation', 'add'), ...(file ? [el('fileOperation', file)] : []), device]);

const controller = ({ controller: type, bus }: MachineDisk, key: number): Outgoing =>
  el(
    'device',
    [el('key', key), el('busNumber', bus), ...(shapes[type]?.shared ? [el('sharedBus', 'noSharing')] : [])],
    { 'xsi:type': type },
  );

const virtualDisk = (
  { unit }: MachineDisk,
  bytes: number,
  at: { key: number; controller: number; place: Place },
): Outgoing =>
  el(
    'device',
    [
      el('key', at.key),
      el(
        'backing',
        [
          el('fileName', ''),
          ref('datastore', at.place.datastore.moref),
          el('diskMode', 'persistent'),
          el('thinProvisioned', true),
        ],
        { 'xsi:type': 'VirtualDiskFlatVer2BackingInfo' },
      ),
      el('controllerKey', at.controller),
      el('unitNumber', unit),
      el('capacityInKB', Math.ceil(bytes / 1024)),
      el('capacityInBytes', bytes),
    ],
    { 'xsi:type': 'VirtualDisk' },
  );

/**
 * MAC addresses that vSphere lets be set: those for hands (third byte of the card's own part below 0x40), and
 * those that a vCenter gives (0x80 to 0xbf).
 */
function addressOf(mac: string): Outgoing[] {
  const [a, b, c, fourth = ''] = mac.split(':');
  const is = `${a}:${b}:${c}` === '00:50:56' ? Number.parseInt(fourth, 16) : Number.NaN;
  const type = is < 0x40 ? 'manual' : is >= 0x80 && is < 0xc0 ? 'assigned' : undefined;
  return type === undefined ? [] : [el('addressType', type), el('macAddress', mac)];
}

/** VMXNET3, since the record doesn't say which: whatever has VMware Tools has its driver. */
const card = ({ mac }: MachineNic, key: number, network: Network, keepMac: boolean): Outgoing =>
  el(
    'device',
    [
      el('key', key),
      backingOf(network),
      el('connectable', [el('startConnected', true), el('allowGuestControl', true), el('connected', false)]),
      ...(keepMac ? addressOf(mac) : []),
    ],
    { 'xsi:type': 'VirtualVmxnet3' },
  );

const backingOf = (network: Network): Outgoing =>
  network.port
    ? el(
        'backing',
        [el('port', [el('switchUuid', network.port.switchUuid), el('portgroupKey', network.port.key)])],
        { 'xsi:type': 'VirtualEthernetCardDistributedVirtualPortBackingInfo' },
      )
    : el('backing', [el('deviceName', network.name), ref('network', network.moref)], {
        'xsi:type': 'VirtualEthernetCardNetworkBackingInfo',
      });
