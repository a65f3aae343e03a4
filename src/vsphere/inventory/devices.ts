import type { SourceDisk } from '../../replication/model/source.ts';
import { malformed, safeInteger } from '../http/malformed.ts';
import { child, textAt, type XmlElement, xsiType } from '../soap/xml.ts';

/** A disk and where its bytes lie. */
export interface VmDisk extends SourceDisk {
  backing: XmlElement;
}

const WHAT = 'config.hardware.device';

/**
 * The virtual disks in `config.hardware.device` of a VM or of a snapshot, in order of controller
 * and unit.
 *
 * @param extra its `config.extraConfig`, in which tracking may be switched off for a single disk
 */
export function readDisks(devices: XmlElement | undefined, extra?: XmlElement): VmDisk[] {
  const all = devices?.children ?? [];
  const controllers = new Map(all.map(d => [textAt(d, 'key') ?? '', d]));
  const disks = all
    .filter(d => xsiType(d) === 'VirtualDisk')
    .map(device => ({
      device,
      controller: textAt(device, 'controllerKey') ?? '',
      unit: safeInteger(textAt(device, 'unitNumber') ?? '0', WHAT, 'unitNumber'),
    }))
    .sort((a, b) => Number(a.controller) - Number(b.controller) || a.unit - b.unit)
    .map(({ device, controller, unit }, index) => {
      const slot = `${controller}:${unit}`;
      const bus = controllers.get(controller);
      const untracked = whyUntracked(bus, unit, extra);
      const disk = readDisk(device, index, bus, slot);
      return { slot, disk: { ...disk, ...(untracked !== undefined && { untracked }) } };
    });
  // A copied disk brings its uuid along; in one VM it takes the slot to tell the two apart.
  const twice = (id: string) => disks.filter(d => d.disk.identity === id).length > 1;
  return disks.map(({ disk, slot }) =>
    twice(disk.identity) ? { ...disk, identity: `${disk.identity}@${slot}` } : disk,
  );
}

function readDisk(
  device: XmlElement,
  index: number,
  controller: XmlElement | undefined,
  slot: string,
): VmDisk {
  const key = safeInteger(textAt(device, 'key'), WHAT, 'key');
  const backing = child(device, 'backing');
  if (!backing) throw malformed(WHAT, `disk ${key} has no backing`);
  const changeId = textAt(backing, 'changeId');
  const unprotectable = whyUnprotectable(backing, controller);
  return {
    key,
    index,
    label: textAt(device, 'deviceInfo', 'label') ?? `disk ${key}`,
    identity: (textAt(backing, 'uuid') || textAt(device, 'diskObjectId') || slot).toLowerCase(),
    capacity: capacityOf(device),
    ...(changeId ? { changeId } : {}),
    ...(unprotectable ? { unprotectable } : {}),
    ...(child(backing, 'parent') ? { onDelta: true as const } : {}),
    backing,
  };
}

/** `scsi0:1.ctkEnabled` where that is FALSE (VMware KB 1020128), whatever the VM as a whole is set to. */
function whyUntracked(
  controller: XmlElement | undefined,
  unit: number,
  extra: XmlElement | undefined,
): string | undefined {
  const type = xsiType(controller) ?? '';
  const kind = /IDE/.test(type)
    ? 'ide'
    : /AHCI|SATA/.test(type)
      ? 'sata'
      : /NVME/.test(type)
        ? 'nvme'
        : 'scsi';
  const setting = `${kind}${textAt(controller, 'busNumber') ?? 0}:${unit}.ctkEnabled`;
  const set = extra?.children.find(one => textAt(one, 'key')?.toLowerCase() === setting.toLowerCase());
  return textAt(set, 'value')?.toLowerCase() === 'false' ? setting : undefined;
}

/** Bytes. Servers before 5.5 know KiB only, and round. */
function capacityOf(device: XmlElement): number {
  const bytes = textAt(device, 'capacityInBytes');
  if (bytes !== undefined) return safeInteger(bytes, WHAT, 'capacityInBytes');
  const kib = safeInteger(textAt(device, 'capacityInKB'), WHAT, 'capacityInKB');
  return safeInteger(String(kib * 1024), WHAT, 'capacityInKB');
}

/**
 * Snapshots leave out independent disks and physical-mode raw device mappings, and cannot be made
 * of disks that several VMs write (VMware KB 320557).
 */
function whyUnprotectable(backing: XmlElement, controller: XmlElement | undefined): string | undefined {
  const mode = textAt(backing, 'diskMode') ?? '';
  if (mode.startsWith('independent_')) return `independent disk (mode ${mode}): snapshots leave it out`;
  if (textAt(backing, 'compatibilityMode') === 'physicalMode') {
    return 'raw device mapping in physical mode: snapshots leave it out';
  }
  if (/^VirtualDisk(RawDiskVer2|PartitionedRawDiskVer2)Backing/.test(xsiType(backing) ?? '')) {
    return 'raw disk of the host: snapshots leave it out';
  }
  if (textAt(backing, 'sharing') === 'sharingMultiWriter') return 'shared disk (multi-writer)';
  const bus = textAt(controller, 'sharedBus');
  if (bus === 'physicalSharing' || bus === 'virtualSharing') return `shared disk (SCSI bus ${bus})`;
  return undefined;
}
