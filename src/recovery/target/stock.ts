import type { MachineRecord } from '../../replication/model/machine.ts';
import type { CloudImage } from '../model/machines.ts';
import { billingOf, isBilledAs } from './billing.ts';
import { bootModeOf } from './sizing.ts';

/** Windows Server by vSphere's identifier. Source: vSphere API reference, VirtualMachineGuestOsIdentifier. */
const servers: readonly [guest: RegExp, year: string][] = [
  [/^windows9Server64Guest$/i, '2016'],
  [/^windows2019srv_64Guest$/i, '2019'],
  [/^windows2019srvNext_64Guest$/i, '2022'],
  [/^windows2022srvNext_64Guest$/i, '2025'],
];

/** The year of a Windows Server that Amazon has images of; undefined for any other system. */
export const serverYear = (guestId: string): string | undefined =>
  servers.find(([guest]) => guest.test(guestId))?.[1];

const base = (year: string) => `Windows_Server-${year}-English-Full-Base-`;

/** Names of Amazon's images of a Windows Server; those with UEFI have another word in front. */
export const stockPatterns = (year: string): string[] => [`${base(year)}*`, `*-${base(year)}*`];

/**
 * The newest of Amazon's images of the very Windows Server that the machine's record says, which starts as it
 * did and brings AWS's licence.
 */
export function chooseStock(
  machine: Pick<MachineRecord, 'firmware' | 'guest_id'>,
  images: readonly CloudImage[],
): CloudImage | undefined {
  const mode = bootModeOf(machine);
  const year = serverYear(machine.guest_id);
  if (year === undefined) return undefined;
  return images
    .filter(({ name }) => name.startsWith(base(year)) || name.includes(`-${base(year)}`))
    .filter(image => image.state === 'available' && image.bootMode === mode)
    .filter(image => isBilledAs(image, billingOf('aws')))
    .sort((a, b) => b.created - a.created || (a.name < b.name ? 1 : -1))[0];
}
