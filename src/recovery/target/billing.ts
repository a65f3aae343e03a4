export type License = 'aws' | 'byol';

/** How an image or an instance is billed. */
export interface Billing {
  platformDetails: string;
  usageOperation: string;
}

const linux: Billing = { platformDetails: 'Linux/UNIX', usageOperation: 'RunInstances' };
/** Source: EC2 user guide, "AMI billing information fields". */
const windows: Record<License, Billing> = {
  aws: { platformDetails: 'Windows', usageOperation: 'RunInstances:0002' },
  byol: { platformDetails: 'Windows BYOL', usageOperation: 'RunInstances:0800' },
};

/** What EC2 has to say about a machine with this licence; without one it is Linux. */
export const billingOf = (license: License | undefined): Billing =>
  license === undefined ? linux : windows[license];

export const sayBilling = ({ platformDetails, usageOperation }: Billing): string =>
  `${platformDetails} (${usageOperation})`;

/** Anything but what is wanted is a bill, or a breach of a licence, that nobody asked for. */
export const isBilledAs = (seen: Billing, wanted: Billing): boolean =>
  seen.platformDetails === wanted.platformDetails && seen.usageOperation === wanted.usageOperation;
