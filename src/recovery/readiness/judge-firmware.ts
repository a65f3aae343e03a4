import { guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import type { DiskFacts } from './disk-facts.ts';
import type { Judged } from './judged.ts';

/** Whether firmware that remembers nothing starts the boot disk: EC2 has none of the VM's own settings. */
export const firmwareFindings = (machine: MachineRecord, index: number, facts: DiskFacts): Judged[] =>
  machine.firmware === 'efi' ? uefi(machine, index, facts) : [bios(machine, index, facts)];

const finding = (what: string, verdict: Judged['verdict'], why: string, wayOut?: string): Judged => ({
  what,
  verdict,
  why,
  source: 'disk',
  ...(verdict === 'not ready' && { blocks: 'all' as const }),
  ...(wayOut !== undefined && { wayOut }),
});

function bios(machine: MachineRecord, index: number, { table, parts, loader }: DiskFacts): Judged {
  const what = 'boot sector';
  const disk = `disk ${index}`;
  if (!table.signature)
    return finding(what, 'not ready', `${disk} has no boot sector: 55 AA is missing`, noBios(machine));
  if (table.code === 'none') {
    const esp = loader && loader.state !== 'no-esp' ? '; it has an EFI system partition' : '';
    return finding(what, 'not ready', `the boot sector of ${disk} has no code${esp}`, noBios(machine));
  }
  // GRUB's own code looks for no active partition.
  if (table.code === 'grub') return finding(what, 'ready', `${disk} has a boot sector of GRUB (BIOS)`);
  if (table.kind === 'none')
    return finding(what, 'unknown', `${disk} has code in its first sector and no partitions`, rehearse);
  const active = parts.find(part => part.active);
  if (!active)
    return finding(
      what,
      'not ready',
      `no partition of ${disk} is active: its code has nothing to start`,
      noBios(machine),
    );
  return finding(
    what,
    'ready',
    `${disk} has a boot sector, and its partition ${active.number} is active (BIOS)`,
  );
}

const noBios = (machine: MachineRecord): string =>
  guestFamily(machine) === 'windows'
    ? 'repair it in the guest: `bootrec /fixmbr`, and make the system partition active'
    : 'install the boot loader again in the guest: `grub-install DISK`';

const rehearse = 'rehearse: `converge failover PLAN --test PATHS`';

function uefi(machine: MachineRecord, index: number, { table, loader }: DiskFacts): Judged[] {
  const what = 'boot loader';
  const disk = `disk ${index}`;
  if (table.damaged !== undefined)
    return [
      finding(
        'partition table',
        'unknown',
        `${table.damaged} (${disk})`,
        'repair it in the guest: `sgdisk -e`, `gdisk`',
      ),
    ];
  if (!loader || loader.state === 'no-esp')
    return [
      finding(
        what,
        'not ready',
        `${disk} has no EFI system partition, and the machine starts with UEFI`,
        'rehearse with the disk that it boots from first in its boot order',
      ),
    ];
  const partition = `partition ${loader.partition} of ${disk}`;
  const fallback = String.raw`\EFI\BOOT\BOOTX64.EFI`;
  switch (loader.state) {
    case 'there':
      return [finding(what, 'ready', `${partition} has ${fallback} (UEFI)`)];
    case 'missing':
    case 'empty':
      return [
        finding(
          what,
          'not ready',
          loader.state === 'missing'
            ? `${partition} has no ${fallback}: EC2's firmware knows none of the entries of the VM's own`
            : `${fallback} of ${partition} is not a program`,
          guestFamily(machine) === 'windows'
            ? 'write it in the guest: `bcdboot C:\\Windows /f UEFI`'
            : 'write it in the guest: `grub-install --target=x86_64-efi --removable`, or copy shim and GRUB there',
        ),
      ];
    case 'unreadable':
      return [finding(what, 'unknown', `${partition} can't be read: ${loader.why}`, rehearse)];
  }
}
