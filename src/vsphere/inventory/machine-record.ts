import type { MachineDisk, MachineNic, MachineRecord } from '../../replication/model/machine.ts';
import { malformed, safeInteger } from '../http/malformed.ts';
import { child, childrenNamed, textAt, type XmlElement, xsiType } from '../soap/xml.ts';

const WHAT = 'config';

/** VirtualMachineBootOptionsBootable...Device, and what a record calls it. */
const bootable: Record<string, (device: XmlElement) => string> = {
  VirtualMachineBootOptionsBootableDiskDevice: device => `disk:${textAt(device, 'deviceKey')}`,
  VirtualMachineBootOptionsBootableEthernetDevice: device => `ethernet:${textAt(device, 'deviceKey')}`,
  VirtualMachineBootOptionsBootableCdromDevice: () => 'cdrom',
  VirtualMachineBootOptionsBootableFloppyDevice: () => 'floppy',
};

/**
 * The record of a machine from a VirtualMachineConfigInfo (a snapshot's, so that it fits the disks that it
 * froze) and the VM's GuestInfo.net. Names are those of the vSphere Web Services API: `guestId`, `firmware`
 * (5.0), `bootOptions.efiSecureBootEnabled` and `keyId` (6.5), a device of type VirtualTPM (6.7),
 * `bootOptions.bootOrder` (5.0), `hardware.numCPU`, `hardware.memoryMB`; an older server leaves out what it
 * doesn't know.
 */
export function readMachineRecord(
  config: XmlElement | undefined,
  net: XmlElement | undefined,
): MachineRecord {
  const hardware = child(config, 'hardware');
  if (!config || !hardware) throw malformed(WHAT, 'it has no hardware');
  const devices = childrenNamed(hardware, 'device');
  const boot = child(config, 'bootOptions');
  return {
    guest_id: textAt(config, 'guestId') ?? '',
    firmware: textAt(config, 'firmware') === 'efi' ? 'efi' : 'bios',
    secure_boot: textAt(boot, 'efiSecureBootEnabled') === 'true',
    vtpm: devices.some(device => xsiType(device) === 'VirtualTPM'),
    encrypted: child(config, 'keyId') !== undefined,
    boot_order: (boot ? childrenNamed(boot, 'bootOrder') : []).map(device => {
      const type = xsiType(device) ?? '';
      return bootable[type]?.(device) ?? type;
    }),
    cpus: safeInteger(textAt(hardware, 'numCPU'), WHAT, 'numCPU'),
    memory: safeInteger(textAt(hardware, 'memoryMB'), WHAT, 'memoryMB'),
    nics: nicsOf(devices, net),
    disks: disksOf(devices),
  };
}

/** Every VirtualEthernetCard, whatever its type, has a MAC; nothing else has. */
function nicsOf(devices: XmlElement[], net: XmlElement | undefined): MachineNic[] {
  const told = (net?.children ?? []).map(one => ({
    key: textAt(one, 'deviceConfigId'),
    addresses: childrenNamed(one, 'ipAddress').map(({ text }) => text),
  }));
  return devices
    .filter(device => child(device, 'macAddress'))
    .map(device => {
      const key = textAt(device, 'key');
      return {
        key: safeInteger(key, WHAT, 'key'),
        mac: (textAt(device, 'macAddress') ?? '').toLowerCase(),
        addresses: told.filter(one => one.key === key).flatMap(({ addresses }) => addresses),
      };
    });
}

function disksOf(devices: XmlElement[]): MachineDisk[] {
  const controllers = new Map(devices.map(device => [textAt(device, 'key') ?? '', device]));
  return devices
    .filter(device => xsiType(device) === 'VirtualDisk')
    .map(device => {
      const controllerKey = textAt(device, 'controllerKey') ?? '';
      const controller = controllers.get(controllerKey);
      return {
        order: Number(controllerKey),
        disk: {
          key: safeInteger(textAt(device, 'key'), WHAT, 'key'),
          controller: xsiType(controller) ?? '',
          bus: safeInteger(textAt(controller, 'busNumber') ?? '0', WHAT, 'busNumber'),
          unit: safeInteger(textAt(device, 'unitNumber') ?? '0', WHAT, 'unitNumber'),
        },
      };
    })
    .sort((a, b) => a.order - b.order || a.disk.unit - b.disk.unit)
    .map(({ disk }) => disk);
}
