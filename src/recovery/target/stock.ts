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

/** Names of Amazon's images of a Windows Server; those with UEFI have another word in front. */
export const stockPatterns = (year: string): string[] => [
  `Windows_Server-${year}-English-Full-Base-*`,
  `*-Windows_Server-${year}-English-Full-Base-*`,
];

/** The newest of Amazon's images that starts as the machine did and brings AWS's licence. */
export function chooseStock(
  machine: Pick<MachineRecord, 'firmware'>,
  images: readonly CloudImage[],
): CloudImage | undefined {
  const mode = bootModeOf(machine);
  return images
    .filter(image => image.state === 'available' && image.bootMode === mode)
    .filter(image => isBilledAs(image, billingOf('aws')))
    .sort((a, b) => b.created - a.created || (a.name < b.name ? 1 : -1))[0];
}
