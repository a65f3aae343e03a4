/**
 * What a machine was when a point was made of it, as far as another platform needs it to run the disks. Part
 * of the point, since whoever recovers has neither the machine nor its vCenter any more. Members are named as
 * in the repository.
 */
export interface MachineRecord {
  /** VirtualMachineGuestOsIdentifier: `windows2019srv_64Guest`, `debian12_64Guest`. */
  guest_id: string;
  firmware: 'bios' | 'efi';
  secure_boot: boolean;
  /** It had a virtual TPM; what that held is not in the point. */
  vtpm: boolean;
  /** Its files were encrypted by vSphere. The point holds what the guest saw: plain bytes. */
  encrypted: boolean;
  /**
   * As configured, first to last: `disk:2000` (a disk's key), `ethernet:4000`, `cdrom`, `floppy`. Empty: the
   * default.
   */
  boot_order: string[];
  cpus: number;
  /** MiB. */
  memory: number;
  nics: MachineNic[];
  /** One for each disk of the machine, in the order of controller and unit. */
  disks: MachineDisk[];
}

export interface MachineNic {
  key: number;
  mac: string;
  /** As VMware Tools told them, without prefix length; empty when no Tools ran. */
  addresses: string[];
}

export interface MachineDisk {
  key: number;
  /**
   * Its type in the vSphere API: `ParaVirtualSCSIController`, `VirtualLsiLogicController`,
   * `VirtualNVMEController`.
   */
  controller: string;
  bus: number;
  unit: number;
}

/**
 * Key of the disk that the machine booted from: the first disk of its boot order, else the first there is.
 */
export function bootDiskKey({ boot_order, disks }: MachineRecord): number | undefined {
  const named = boot_order.find(entry => entry.startsWith('disk:'));
  return named === undefined ? disks[0]?.key : Number(named.slice('disk:'.length));
}

const GUEST_FAMILY = /^(windows|win)/i;

/**
 * By the guest's identifier; what isn't known to be Windows or another foreign system boots as Linux does.
 */
export function guestFamily({ guest_id }: MachineRecord): 'windows' | 'linux' | 'other' {
  if (GUEST_FAMILY.test(guest_id)) return 'windows';
  return /^(darwin|freebsd|solaris|netware|os2|dos|unixware|openserver|vmkernel|eComStation)/i.test(guest_id)
    ? 'other'
    : 'linux';
}
