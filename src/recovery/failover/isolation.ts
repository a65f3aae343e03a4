import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { NetworkFacts } from '../model/machines.ts';
import type { Run } from './run.ts';

/**
 * What keeps a network from being proven apart from everything else. A copy of a domain controller that
 * reaches production is a disaster of its own, so that anything not understood counts as a way out.
 */
export function waysOut({
  routes,
  doors,
  unseen,
  addresses,
  interfaces,
  rules,
  dhcp,
}: Omit<NetworkFacts, 'account' | 'vpc' | 'subnets' | 'group'>): string[] {
  return [
    ...routes,
    ...doors.map(door => `the VPC has the ${door}`),
    ...unseen.map(what => `nobody here may ask for ${what}`),
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
  'no Route 53 profile and no private hosted zone is associated with it, and no service network by a route',
  'its subnets give no public or IPv6 address, none of a network outside of AWS, and are of this account',
  'the security group names only itself, in and out',
  'no network interface is of a service or has a public address, and none that has the group is of others',
  "DHCP names no server but Amazon's, and no domain of others",
];

/** What might lead out and isn't looked at: other services than EC2 know of it. */
export const notLooked: readonly string[] = [
  'a second network interface, in another VPC, that somebody attaches to a machine of the test',
];

/**
 * @param mayBeUnseen somebody said that what can't be asked for doesn't matter
 * @throws Failure `network-open`, blocked, with all that leads out
 */
export function refuseOpen(facts: NetworkFacts, mayBeUnseen = false): void {
  const ways = waysOut(mayBeUnseen ? { ...facts, unseen: [] } : facts);
  if (ways.length === 0) return;
  throw new Failure(
    blocked(
      'network-open',
      `${facts.subnets.map(({ id }) => id).join(', ')} with ${facts.group}: not apart from everything else: ${ways.join('; ')}`,
      {
        hint:
          facts.unseen.length > 0
            ? 'nothing was launched; allow these calls, or have the plan go on without them: `--allow recovery_plan:NAME`'
            : 'nothing was launched; name subnets of a VPC that nothing leads out of',
      },
    ),
  );
}

/** Whether it was said about this very run that these don't matter, when it began. */
export function wasSaid({ steps }: Pick<Run, 'steps'>, unseen: readonly string[]): boolean {
  const said = steps.flatMap(step => (step.what === 'proven' ? (step.unseen ?? []) : []));
  return unseen.every(what => said.includes(what));
}
