import { ofEnding } from './ending.ts';
import { ofWayHome } from './failback.ts';
import type { Mutation } from './mutation.ts';
import { ofNetwork } from './network.ts';
import { ofOperation } from './operation.ts';
import { ofOwnership } from './ownership.ts';
import { ofPruning } from './pruning.ts';
import { ofFailback, ofTakingOver } from './recovering.ts';
import { ofReplication } from './replication.ts';

const doors = 'src/aws/recovery/doors.ts';
const network = 'src/aws/recovery/network.ts';
const associations = 'src/aws/recovery/associations.ts';
const isolation = 'src/recovery/failover/isolation.ts';
const cleanup = 'src/recovery/failover/cleanup.ts';
const standing = 'src/recovery/failover/standing.ts';

const tests = 'test/recovery/';
const refused = (what: string): Mutation['test'] => [
  `${tests}isolation.test.ts`,
  `a network with ${what}, and nothing else, is refused, and nothing is launched`,
];

/** What keeps a test in its network. */
const ofIsolation: readonly Mutation[] = [
  {
    guard: 'an internet gateway',
    file: doors,
    from: '...internet.map(',
    to: '...[].map(',
    test: refused('an internet gateway'),
  },
  {
    guard: 'a NAT gateway',
    file: doors,
    from: '...nat.filter(',
    to: '...[].filter(',
    test: refused('a NAT gateway'),
  },
  {
    guard: 'a VPN gateway',
    file: doors,
    from: '...(vpn?.VpnGateways ?? [])',
    to: '...[]',
    test: refused('a VPN gateway'),
  },
  {
    guard: 'a transit gateway',
    file: doors,
    from: '...transit\n',
    to: '...[]\n',
    test: refused('a transit gateway'),
  },
  {
    guard: 'a peering that it asked for',
    file: doors,
    from: ' || it.RequesterVpcInfo?.VpcId === vpc',
    to: '',
    test: refused('a peering that it asked for'),
  },
  {
    guard: 'a peering that somebody else asked for',
    file: doors,
    from: 'it.AccepterVpcInfo?.VpcId === vpc || ',
    to: '',
    test: refused('a peering that somebody else asked for'),
  },
  {
    guard: 'an egress-only gateway',
    file: doors,
    from: 'some(({ VpcId }) => VpcId === vpc)',
    to: 'some(() => false)',
    test: refused('an egress-only gateway'),
  },
  {
    guard: 'an endpoint, gateway or interface',
    file: doors,
    from: '...endpoints.filter(',
    to: '...[].filter(',
    test: refused('an interface endpoint'),
  },
  {
    guard: 'a Resolver rule to home',
    file: doors,
    from: '...resolver.map(',
    to: '...[].map(',
    test: refused('a rule of the resolver'),
  },
  {
    guard: 'a Resolver rule on a later page',
    file: associations,
    from: 'token = page.NextToken;',
    to: 'token = undefined;',
    test: [`${tests}network-facts.test.ts`, 'a rule of the resolver on a later page'],
  },
  {
    guard: 'a Route 53 profile',
    file: associations,
    from: 'doors: live.map(',
    to: 'doors: [].map(',
    test: refused('a profile of Route 53'),
  },
  {
    guard: 'a private hosted zone',
    file: associations,
    from: 'doors: [...text.matchAll(',
    to: "doors: [...''.matchAll(",
    test: refused('a private zone of Route 53'),
  },
  {
    guard: 'what may not be asked is not known to be shut',
    file: isolation,
    from: 'ways: unseen.map(',
    to: 'ways: [].map(',
    test: [`${tests}isolation.test.ts`, 'what nobody may ask for refuses too'],
  },
  ...(
    [
      ['an internet gateway', "route.GatewayId === 'local'", 'route.GatewayId !== undefined'],
      ['a NAT gateway', "route.GatewayId === 'local'", "route.GatewayId === 'local' || route.NatGatewayId"],
      [
        'a transit gateway',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.TransitGatewayId",
      ],
      [
        'a peering',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.VpcPeeringConnectionId",
      ],
      [
        'an egress-only gateway',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.EgressOnlyInternetGatewayId",
      ],
      [
        'a service network of VPC Lattice',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.GatewayId === 'VpcLattice'",
      ],
      [
        'a gateway endpoint, by a prefix list',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.GatewayId?.startsWith('vpce-')",
      ],
      [
        'a network interface',
        "route.GatewayId === 'local'",
        "route.GatewayId === 'local' || route.NetworkInterfaceId",
      ],
    ] as const
  ).map(
    ([to, from, by]): Mutation => ({
      guard: `a route to ${to}`,
      file: doors,
      from,
      to: by,
      test: refused(`a route to ${to}`),
    }),
  ),
  {
    guard: 'a blackhole route: what it named may be there again tomorrow',
    file: doors,
    from: "route.GatewayId === 'local'",
    to: "route.GatewayId === 'local' || route.State === 'blackhole'",
    test: [`${tests}network-facts.test.ts`, 'a route into a blackhole is a way out'],
  },
  {
    guard: "a route of the subnet's own table",
    file: network,
    from: 'tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet)) ?? main',
    to: 'main',
    test: refused('a route to a network, in a table of the subnet alone'),
  },
  {
    guard: 'a group that lets something out',
    file: network,
    from: "ruleWords('out to', rule, group)",
    to: '[]',
    test: refused('a group that lets traffic out to a network'),
  },
  {
    guard: 'a group that is open to others',
    file: network,
    from: "ruleWords('in from', rule, group)",
    to: '[]',
    test: refused('a group that lets traffic in from a network'),
  },
  {
    guard: 'a group that names another group',
    file: network,
    from: '.filter(id => id !== own)',
    to: '.filter(() => false)',
    test: refused('a group that lets traffic out to another group'),
  },
  {
    guard: 'a group that names a prefix list',
    file: network,
    from: '...(rule.PrefixListIds ?? [])',
    to: '...([] as typeof rule.PrefixListIds & {})',
    test: refused('a group that lets traffic out to a prefix list'),
  },
  {
    guard: 'a group that names IPv6',
    file: network,
    from: '...(rule.Ipv6Ranges ?? [])',
    to: '...([] as typeof rule.Ipv6Ranges & {})',
    test: refused('a group that lets traffic out to IPv6'),
  },
  ...(
    [
      ['a name server', 'domain-name-servers'],
      ['a domain', 'domain-name'],
      ['a time server', 'ntp-servers'],
      ['a NetBIOS server', 'netbios-name-servers'],
    ] as const
  ).map(
    ([what, option]): Mutation => ({
      guard: `DHCP options of others: ${what}`,
      file: isolation,
      from: '.filter(told => !isAmazons(told))',
      to: `.filter(told => !isAmazons(told) && told.option !== '${option}')`,
      test: refused(`DHCP that tells ${what}`),
    }),
  ),
  {
    guard: 'a public address of the subnet',
    file: network,
    from: 'net.MapPublicIpOnLaunch ?',
    to: 'false ?',
    test: refused('a subnet that gives a public address'),
  },
  {
    guard: 'IPv6 of the subnet',
    file: network,
    from: '...(net.Ipv6CidrBlockAssociationSet ?? [])',
    to: '...([] as typeof net.Ipv6CidrBlockAssociationSet & {})',
    test: refused('a subnet that gives IPv6'),
  },
  {
    guard: "another account's subnet",
    file: network,
    from: 'net.OwnerId !== account',
    to: 'false',
    test: refused('a subnet that gives routes of another account'),
  },
  {
    guard: 'a public address of a machine',
    file: network,
    from: 'one.Association?.PublicIp !== undefined',
    to: 'false',
    test: refused('a network interface of a test, at a public address'),
  },
  {
    guard: 'a load balancer (target group), a function, a client VPN',
    file: network,
    from: 'if (!isPlain) return',
    to: 'if (false) return',
    test: refused('a network interface of a load balancer'),
  },
  {
    guard: 'an interface of others in the group',
    file: network,
    from: 'tagsOf(one.TagSet)[RUN_TAG] === undefined\n    ?',
    to: 'false\n    ?',
    test: refused('a network interface that has the group and is nobody’s'),
  },
  {
    guard: 'a second interface, in another VPC',
    file: network,
    from: '...second.map(secondWords)',
    to: '',
    test: [`${tests}isolation.test.ts`, 'machines of a test that is still there don’t keep it'],
  },
  {
    guard: 'it is looked at again when the machines have run',
    file: 'src/recovery/failover/rehearse.ts',
    from: 'const opened = await hooks.waysOut?.();',
    to: 'const opened: string[] | undefined = hooks.waysOut && [];',
    test: [`${tests}isolation.test.ts`, 'opened while machines ran in it'],
  },
];

/** What keeps a failover, and what ends it, from doing harm. */
const ofFailover: readonly Mutation[] = [
  {
    guard: 'a source that still runs, or of which nobody knows',
    file: 'src/app/recovery/real/sources.ts',
    from: "filter(({ state }) => state !== 'off')",
    to: "filter(({ state }) => state === 'off' && false)",
    test: [`${tests}sources.test.ts`, 'whether a machine runs at home'],
  },
  {
    guard: 'another VM that has the name of the source',
    file: 'src/app/recovery/real/sources.ts',
    from: 'if (machine.uuid !== uuid)',
    to: 'if (false)',
    test: [`${tests}sources.test.ts`, 'whether a machine runs at home'],
  },
  {
    guard: 'a domain controller while others may live',
    file: 'src/app/recovery/real/sources.ts',
    from: "targetProperties(target).role === 'domain_controller' && ",
    to: 'false && ',
    test: [`${tests}sources.test.ts`, 'a domain controller needs its own --allow'],
  },
  {
    guard: 'two operators of one plan: the second begins nothing',
    file: 'src/recovery/failover/begin.ts',
    from: 'if (!(await repository.records.add(plan, SERIES.run, number, start)))',
    to: 'if (!(await repository.records.add(plan, SERIES.run, number, start)) && false)',
    test: [`${tests}pins.test.ts`, 'of two operators on two machines one begins'],
  },
  {
    guard: 'a commit and an undo at once',
    file: 'src/recovery/run/keep.ts',
    from: 'run.steps.length + 1, step))) throw begunBy(plan);',
    to: 'run.steps.length + 1, step))) return;',
    test: [`${tests}take-over.test.ts`, 'of a commit and an undo at once, one is refused'],
  },
  {
    guard: 'what is undone meanwhile gets no network',
    file: 'src/recovery/failover/rehearse.ts',
    from: "if (state === 'running') return;\n  if (state",
    to: 'return;\n  if (state',
    test: [`${tests}take-over.test.ts`, 'undone by somebody else while it is launched'],
  },
  {
    guard: 'a quarantine that is open',
    file: 'src/recovery/failover/take-over.ts',
    from: 'group.rules.length > 0 ?',
    to: 'false ?',
    test: [`${tests}take-over.test.ts`, 'a quarantine that is open'],
  },
  {
    guard: 'the last snapshots of a machine that lives in EC2',
    file: 'src/recovery/cover/cover.ts',
    from: 'whole.slice(0, Math.max(1, keep))',
    to: 'whole.slice(0, 0)',
    test: [`${tests}cover.test.ts`, 'what lives in AWS is covered on time'],
  },
  {
    guard: 'the last snapshots of a replica',
    file: 'src/recovery/replica/choose.ts',
    from: 'Math.max(1, keep)',
    to: 'keep',
    test: [`${tests}replica.test.ts`, 'nothing is retired while no point has all of its disks'],
  },
  {
    guard: 'a foreign instance: its token is in no record',
    file: standing,
    from: 'token !== undefined && tokens.has(token) && ',
    to: '',
    test: [
      `${tests}ownership.test.ts`,
      'an instance with all tags of a machine of the run, and another token',
    ],
  },
  {
    guard: 'a foreign instance: of another account',
    file: standing,
    from: ' && account === start.account',
    to: '',
    test: [`${tests}ownership.test.ts`, 'an instance of another account than the run began in'],
  },
  {
    guard: 'a foreign image',
    file: standing,
    from: 'images.filter(({ id, name }) => names.has(name) || imported.images.includes(id))',
    to: 'images',
    test: [`${tests}ownership.test.ts`, 'an image, a volume and a group with the tag of the run'],
  },
  {
    guard: 'a foreign volume',
    file: standing,
    from: "volumes.filter(one => uuids.has(one.tags[VM_TAG] ?? ''))",
    to: 'volumes',
    test: [`${tests}ownership.test.ts`, 'an image, a volume and a group with the tag of the run'],
  },
  {
    guard: 'a foreign security group',
    file: standing,
    from: 'groups.filter(({ name }) => name === quarantineName(repository.id, start))',
    to: 'groups',
    test: [`${tests}ownership.test.ts`, 'an image, a volume and a group with the tag of the run'],
  },
  {
    guard: 'a foreign tear-down entry',
    file: 'src/recovery/failover/teardown.ts',
    from: 'one.tag?.key === tag.key && one.tag.value === tag.value',
    to: 'true',
    test: [`${tests}teardown.test.ts`, 'an entry of that name that ends something else'],
  },
  {
    guard: 'a deletion that nobody accounts for: it is written down before',
    file: cleanup,
    from: "await note(repository, run, { at, what: 'removing', ...(only && { vm: only.vm }), ...anew });",
    to: '',
    test: [`${tests}teardown.test.ts`, 'an entry that somebody makes while all is removed'],
  },
  {
    guard: 'zero left is counted before the entry goes',
    file: cleanup,
    from: 'return isLeft(seen) ? undefined : seen;',
    to: 'return seen;',
    test: [`${tests}left-behind.test.ts`, 'instances that EC2 shows after it took the call'],
  },
  {
    guard: 'what is refused is left, and said',
    file: cleanup,
    from: 'if (isLeft(seen) && removals.isStuck(seen))',
    to: 'if (removals.isStuck(seen)) return seen;\n      if (false)',
    test: [`${tests}left-behind.test.ts`, 'TerminateInstances is forbidden'],
  },
  {
    guard: 'the pins stay until nothing is left',
    file: cleanup,
    from: 'const removals = removing(options);',
    to: 'const removals = removing(options);\n  await lift(repository, holderOf(run.start));',
    test: [`${tests}left-behind.test.ts`, 'TerminateInstances is forbidden'],
  },
  {
    guard: 'a record of DNS that somebody changed since is left alone',
    file: 'src/recovery/dns/switch.ts',
    from: '!sameValue(now, old) && isOurs(given, now)',
    to: '!sameValue(now, old)',
    test: [`${tests}dns.test.ts`, 'whatever is switched, killed, launched anew and changed by others'],
  },
];

export const mutations: readonly Mutation[] = [
  ...ofIsolation,
  ...ofFailover,
  ...ofEnding,
  ...ofTakingOver,
  ...ofFailback,
  ...ofOwnership,
  ...ofPruning,
  ...ofNetwork,
  ...ofWayHome,
  ...ofOperation,
  ...ofReplication,
];
