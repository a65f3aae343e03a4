import type { License } from './billing.ts';

/**
 * US dollars an hour for the size `large` on demand in us-east-1; a type costs as many times that as it is
 * larger. Source: Amazon EC2 On-Demand pricing, as public price lists of 2025 and 2026 quote it.
 */
const perLarge: Readonly<Record<string, number>> = {
  m5: 0.096,
  m6i: 0.096,
  c5: 0.085,
  c6i: 0.085,
  r5: 0.126,
  r6i: 0.126,
};
/** What AWS's licence of Windows costs more, for a `large`. */
const windows = 0.092;

/** How many times the CPUs of `large` a size has; undefined for another kind of size. */
function timesLarge(size: string): number | undefined {
  if (size === 'large') return 1;
  const [, number] = /^(\d*)xlarge$/.exec(size) ?? [];
  return number === undefined ? undefined : 2 * Number(number || 1);
}

/**
 * What an instance costs for an hour; undefined where it is not known: of other families, and of
 * hardware that isn't shared.
 */
export function hourly(
  type: string,
  { license, tenancy = 'default' }: { license?: License; tenancy?: string },
): number | undefined {
  const [family = '', size = ''] = type.split('.');
  const large = Object.hasOwn(perLarge, family) ? perLarge[family] : undefined;
  const times = timesLarge(size);
  if (large === undefined || times === undefined || tenancy !== 'default') return undefined;
  return times * (large + (license === 'aws' ? windows : 0));
}
