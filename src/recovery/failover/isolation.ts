import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { NetworkFacts } from '../model/machines.ts';
import type { Run } from '../run/run.ts';

/**
 * What keeps a network from being proven apart from everything else. A copy of a domain controller that
 * reaches production is a disaster of its own, so that anything not understood counts as a way out.
 */
export const waysOut = (facts: Facts): string[] => openings(facts).flatMap(({ ways }) => ways);

type Facts = Omit<NetworkFacts, 'account' | 'vpc' | 'subnets' | 'group' | 'given'>;

/** Ways of one kind, and what shuts them. */
interface Opening {
  ways: string[];
  shut: string;
}

function openings({ routes, doors, unseen, addresses, interfaces, rules, dhcp }: Facts): Opening[] {
  const other = 'or name subnets of a VPC';
  const all: Opening[] = [
    { ways: routes, shut: `take it out of the route table, ${other} that no route leads out of` },
    {
      ways: doors.map(door => `the VPC has the ${door}`),
      shut: `take it away from the VPC, ${other} that has none`,
    },
    {
      ways: unseen.map(what => `nobody here may ask for ${what}`),
      shut: 'allow these calls, or have the plan go on without them: `--allow recovery_plan:NAME`',
    },
    {
      ways: rules.map(rule => `its security group lets traffic ${rule}`),
      shut: 'give the group one rule in and one out that name the group itself and nothing else, or name another by `test: { security_group }`',
    },
    {
      ways: addresses,
      shut: 'let the subnet give no public and no IPv6 address, or name another one of this account',
    },
    {
      ways: interfaces.map(words => `the VPC has the network interface ${words}`),
      shut: `remove what it belongs to, ${other} and a group that nothing else uses`,
    },
    {
      ways: dhcp
        .filter(told => !isAmazons(told))
        .map(({ option, value }) => `DHCP names the ${named[option] ?? option} ${value}`),
      shut: 'give the VPC DHCP options that name AmazonProvidedDNS, or no name server, and nothing of others',
    },
  ];
  return all.filter(({ ways }) => ways.length > 0);
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
  'the VPC has no internet, NAT or VPN gateway, no transit attachment and no peering',
  'it has no egress-only gateway, or no block of IPv6 that such a one could let out',
  'it has no endpoint, of whatever kind, and no Resolver rule but the one that every VPC has',
  'no Route 53 profile and no private hosted zone is associated with it, and no service network by a route',
  'its subnets give no public or IPv6 address, none of a network outside of AWS, and are of this account',
  'the security group names only itself, in and out',
  'no network interface is of a service or has a public address, and none that has the group is of others',
  'no machine of a test that runs there has a second network interface, in whichever VPC',
  "DHCP names no server but Amazon's, and no domain of others",
];

/**
 * @param mayBeUnseen somebody said that what can't be asked for doesn't matter
 * @throws Failure `network-open`, blocked: all that leads out, each kind with what shuts it
 */
export function refuseOpen(facts: NetworkFacts, mayBeUnseen = false): void {
  const found = openings(mayBeUnseen ? { ...facts, unseen: [] } : facts);
  if (found.length === 0) return;
  const where = `${facts.subnets.map(({ id }) => id).join(', ')} with ${facts.group}`;
  throw new Failure(
    found.map(({ ways, shut }) =>
      blocked('network-open', `${where}: not apart from everything else: ${ways.join('; ')}`, {
        hint: `nothing was launched; ${shut}`,
      }),
    ),
  );
}

/** Whether it was said about this very run that these don't matter, when it began. */
export function wasSaid({ steps }: Pick<Run, 'steps'>, unseen: readonly string[]): boolean {
  const said = steps.flatMap(step => (step.what === 'proven' ? (step.unseen ?? []) : []));
  return unseen.every(what => said.includes(what));
}
