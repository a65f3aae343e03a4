import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { NetworkFacts } from '../model/machines.ts';

/**
 * What keeps a network from being proven apart from everything else. A copy of a domain controller that
 * reaches production is a disaster of its own, so that anything not understood counts as a way out.
 */
export function waysOut({
  routes,
  doors,
  addresses,
  interfaces,
  rules,
  dhcp,
}: Omit<NetworkFacts, 'account' | 'vpc' | 'subnets' | 'group'>): string[] {
  return [
    ...routes,
    ...doors.map(door => `the VPC has the ${door}`),
    ...rules.map(rule => `its security group lets traffic ${rule}`),
    ...addresses,
    ...interfaces.map(words => `the VPC has the network interface ${words}`),
    ...dhcp
      .filter(told => !isAmazons(told))
      .map(({ option, value }) => `DHCP names the ${named[option] ?? option} ${value}`),
  ];
}

/**
 * What every VPC has by itself: Amazon's resolver with the name that it gives machines, its clock, and how
 * NetBIOS asks, which names nobody. Source: Amazon VPC User Guide, "DHCP option sets".
 */
const isAmazons = ({ option, value }: NetworkFacts['dhcp'][number]): boolean =>
  (option === 'domain-name-servers' && value === 'AmazonProvidedDNS') ||
  (option === 'domain-name' && /^([a-z0-9-]+\.compute|ec2)\.internal$/.test(value)) ||
  (option === 'ntp-servers' && /^(169\.254\.169\.123|fd00:ec2::123)$/.test(value)) ||
  option === 'netbios-node-type';

const named: Record<string, string> = {
  'domain-name-servers': 'name server',
  'domain-name': 'domain',
  'ntp-servers': 'time server',
  'netbios-name-servers': 'NetBIOS name server',
};

/** What is looked at before a network counts as apart. A run keeps it, since a later version may see more. */
export const looked: readonly string[] = [
  'no route of its subnets leads out of the VPC',
  'the VPC has no internet, NAT, VPN or egress-only gateway, no transit attachment and no peering',
  'it has no endpoint, of whatever kind, and no Resolver rule but the one that every VPC has',
  'its subnets give no public or IPv6 address, none of a network outside of AWS, and are of this account',
  'the security group names only itself, in and out',
  'no network interface is of a service or has a public address, and none that has the group is of others',
  "DHCP names no server but Amazon's, and no domain of others",
];

/** What might lead out and isn't looked at: other services than EC2 know of it. */
export const notLooked: readonly string[] = [
  'a Route 53 profile that is associated with the VPC',
  'private hosted zones that are associated with the VPC',
  'a service network of VPC Lattice that is associated with the VPC, which no endpoint of it shows',
  'a second network interface, in another VPC, that somebody attaches to a machine of the test',
];

/** @throws Failure `network-open`, blocked, with all that leads out */
export function refuseOpen(facts: NetworkFacts): void {
  const ways = waysOut(facts);
  if (ways.length === 0) return;
  throw new Failure(
    blocked(
      'network-open',
      `${facts.subnets.map(({ id }) => id).join(', ')} with ${facts.group}: not apart from everything else: ${ways.join('; ')}`,
      { hint: 'nothing was launched; name subnets of a VPC that nothing leads out of' },
    ),
  );
}
