import {
  AssociateDhcpOptionsCommand,
  AssociateRouteTableCommand,
  AssociateSubnetCidrBlockCommand,
  AttachInternetGatewayCommand,
  AttachVpnGatewayCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateDhcpOptionsCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  type CreateRouteCommandInput,
  CreateRouteTableCommand,
  CreateTagsCommand,
  CreateTransitGatewayVpcAttachmentCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  CreateVpnGatewayCommand,
  DescribeRouteTablesCommand,
  type EC2Client,
  type IpPermission,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { evidencePage } from '../../src/recovery/evidence/evidence-page.ts';
import { refuseOpen, waysOut } from '../../src/recovery/failover/isolation.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import type { NetworkFacts } from '../../src/recovery/model/machines.ts';
import { RUN_TAG } from '../../src/recovery/model/machines.ts';
import { begun } from './begun.ts';
import { apart } from './network.ts';

type Net = { vpc: string; subnet: string; group: string };
type Open = (ec2: EC2Client, net: Net, lab: Lab) => Promise<unknown>;
type Case = [what: string, said: RegExp, open: Open];

const id = '0123456789abcdef0';

/** A route in the VPC's main table, by which the subnet goes. */
const route =
  (by: Omit<CreateRouteCommandInput, 'RouteTableId'>): Open =>
  async (ec2, { vpc }) => {
    const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
    const { RouteTableId } = RouteTables![0]!;
    await ec2.send(new CreateRouteCommand({ DestinationCidrBlock: '0.0.0.0/0', RouteTableId, ...by }));
  };

const rule =
  (way: 'in' | 'out', peer: Partial<IpPermission>): Open =>
  (ec2, { group: GroupId }) => {
    const asked = { GroupId, IpPermissions: [{ IpProtocol: 'tcp', FromPort: 53, ToPort: 53, ...peer }] };
    return way === 'in'
      ? ec2.send(new AuthorizeSecurityGroupIngressCommand(asked))
      : ec2.send(new AuthorizeSecurityGroupEgressCommand(asked));
  };

const told =
  (Key: string, ...Values: string[]): Open =>
  async (ec2, { vpc: VpcId }) => {
    const made = await ec2.send(new CreateDhcpOptionsCommand({ DhcpConfigurations: [{ Key, Values }] }));
    const { DhcpOptionsId } = made.DhcpOptions!;
    await ec2.send(new AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId }));
  };

const lone = async (ec2: EC2Client, { subnet: SubnetId }: Net, Groups: string[], Description = '') =>
  (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups, Description }))).NetworkInterface!
    .NetworkInterfaceId!;

const doors: Case[] = [
  [
    'an internet gateway',
    /has the internet gateway igw-/,
    async (ec2, { vpc: VpcId }) => {
      const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
      const { InternetGatewayId } = InternetGateway!;
      await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    },
  ],
  [
    'a VPN gateway',
    /has the VPN gateway vgw-/,
    async (ec2, { vpc: VpcId }) => {
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
      await ec2.send(new AttachVpnGatewayCommand({ VpcId, VpnGatewayId: VpnGateway!.VpnGatewayId! }));
    },
  ],
  [
    'a NAT gateway',
    /has the NAT gateway nat-/,
    (ec2, { subnet }) =>
      ec2.send(new CreateNatGatewayCommand({ SubnetId: subnet, ConnectivityType: 'private' })),
  ],
  [
    'a transit gateway',
    /has the transit gateway attachment tgw-attach-/,
    (ec2, { vpc: VpcId, subnet }) => {
      const TransitGatewayId = `tgw-${id}`;
      return ec2.send(
        new CreateTransitGatewayVpcAttachmentCommand({ TransitGatewayId, VpcId, SubnetIds: [subnet] }),
      );
    },
  ],
  [
    'a peering that it asked for',
    /has the peering pcx-/,
    async (ec2, { vpc }) => {
      const other = await apart(ec2);
      await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId: vpc, PeerVpcId: other.vpc }));
    },
  ],
  [
    'a peering that somebody else asked for',
    /has the peering pcx-/,
    async (ec2, { vpc }) => {
      const other = await apart(ec2);
      await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId: other.vpc, PeerVpcId: vpc }));
    },
  ],
  [
    'an egress-only gateway',
    /has the egress-only gateway eigw-/,
    (ec2, { vpc: VpcId }) => ec2.send(new CreateEgressOnlyInternetGatewayCommand({ VpcId })),
  ],
  [
    'a gateway endpoint',
    /has the endpoint vpce-.*s3/,
    (ec2, { vpc: VpcId }) =>
      ec2.send(new CreateVpcEndpointCommand({ VpcId, ServiceName: 'com.amazonaws.eu-west-1.s3' })),
  ],
  [
    'an interface endpoint',
    /has the endpoint vpce-.*ssm/,
    (ec2, { vpc: VpcId }) =>
      ec2.send(
        new CreateVpcEndpointCommand({
          VpcId,
          ServiceName: 'com.amazonaws.eu-west-1.ssm',
          VpcEndpointType: 'Interface',
        }),
      ),
  ],
  [
    'a rule of the resolver',
    /has the Resolver rule rslvr-rr-home/,
    (_, { vpc }, lab) => lab.command({ do: 'resolver-rule', vpc, rule: 'rslvr-rr-home' }),
  ],
  [
    'a profile of Route 53',
    /has the Route 53 profile rp-home/,
    (_, { vpc }, lab) => lab.command({ do: 'associate', vpc, kind: 'profile', id: 'rp-home' }),
  ],
  [
    'a private zone of Route 53',
    /has the private hosted zone corp\.example\.com\./,
    (_, { vpc }, lab) => lab.command({ do: 'associate', vpc, kind: 'zone', id: 'corp.example.com' }),
  ],
];

const routes: Case[] = [
  ['an internet gateway', /0\.0\.0\.0\/0 by igw-/, route({ GatewayId: `igw-${id}` })],
  ['a VPN gateway', /0\.0\.0\.0\/0 by vgw-/, route({ GatewayId: `vgw-${id}` })],
  ['a NAT gateway', /0\.0\.0\.0\/0 by nat-/, route({ NatGatewayId: `nat-${id}` })],
  ['a transit gateway', /0\.0\.0\.0\/0 by tgw-/, route({ TransitGatewayId: `tgw-${id}` })],
  ['a peering', /0\.0\.0\.0\/0 by pcx-/, route({ VpcPeeringConnectionId: `pcx-${id}` })],
  [
    'an egress-only gateway',
    /::\/0 by eigw-/,
    route({
      DestinationCidrBlock: undefined,
      DestinationIpv6CidrBlock: '::/0',
      EgressOnlyInternetGatewayId: `eigw-${id}`,
    }),
  ],
  [
    'a gateway endpoint, by a prefix list',
    /pl-0123.* by vpce-/,
    route({
      DestinationCidrBlock: undefined,
      DestinationPrefixListId: `pl-${id}`,
      GatewayId: `vpce-${id}`,
    }),
  ],
  // Associated with a VPC it adds such routes to each of its tables.
  [
    'a service network of VPC Lattice',
    /pl-0123.* by VpcLattice/,
    route({ DestinationCidrBlock: undefined, DestinationPrefixListId: `pl-${id}`, GatewayId: 'VpcLattice' }),
  ],
  ['a network interface', /0\.0\.0\.0\/0 by eni-/, route({ NetworkInterfaceId: `eni-${id}` })],
  ['an instance', /0\.0\.0\.0\/0 by i-/, route({ InstanceId: `i-${id}` })],
  ['a local gateway', /0\.0\.0\.0\/0 by lgw-/, route({ LocalGatewayId: `lgw-${id}` })],
  ['a carrier gateway', /0\.0\.0\.0\/0 by cagw-/, route({ CarrierGatewayId: `cagw-${id}` })],
  [
    'a network, in a table of the subnet alone',
    /10\.0\.0\.0\/8 by tgw-/,
    async (ec2, { vpc: VpcId, subnet: SubnetId }) => {
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
      const { RouteTableId } = RouteTable!;
      await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
      const to = { DestinationCidrBlock: '10.0.0.0/8', TransitGatewayId: `tgw-${id}` };
      await ec2.send(new CreateRouteCommand({ RouteTableId, ...to }));
    },
  ],
];

const rules: Case[] = [
  ['out to a network', /out to 192\.0\.2\.0\/24/, rule('out', { IpRanges: [{ CidrIp: '192.0.2.0/24' }] })],
  ['out to IPv6', /out to ::\/0/, rule('out', { Ipv6Ranges: [{ CidrIpv6: '::/0' }] })],
  ['out to a prefix list', /out to pl-/, rule('out', { PrefixListIds: [{ PrefixListId: `pl-${id}` }] })],
  ['in from a network', /in from 10\.0\.0\.0\/8/, rule('in', { IpRanges: [{ CidrIp: '10.0.0.0/8' }] })],
  [
    'out to another group',
    /out to sg-/,
    async (ec2, net, lab) => {
      const other = await apart(ec2);
      return rule('out', { UserIdGroupPairs: [{ GroupId: other.group }] })(ec2, net, lab);
    },
  ],
];

const options: Case[] = [
  ['a name server', /the name server 10\.0\.0\.10/, told('domain-name-servers', '10.0.0.10')],
  [
    'a name server beside Amazon’s',
    /the name server 10\.0\.0\.10/,
    told('domain-name-servers', 'AmazonProvidedDNS', '10.0.0.10'),
  ],
  ['a domain', /the domain corp\.example\.com/, told('domain-name', 'corp.example.com')],
  ['a time server', /the time server 10\.0\.0\.10/, told('ntp-servers', '10.0.0.10')],
  ['a NetBIOS server', /the NetBIOS name server 10\.0\.0\.10/, told('netbios-name-servers', '10.0.0.10')],
];

const addresses: Case[] = [
  [
    'a public address',
    /gives a public address/,
    (ec2, { subnet: SubnetId }) =>
      ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } })),
  ],
  [
    'IPv6',
    /gives IPv6 addresses of 2001:db8:1::\/64/,
    (ec2, { subnet: SubnetId }) =>
      ec2.send(new AssociateSubnetCidrBlockCommand({ SubnetId, Ipv6CidrBlock: '2001:db8:1::/64' })),
  ],
  [
    'routes of another account',
    /account 210987654321 decides/,
    (_, { subnet }, lab) => lab.command({ do: 'shared-subnet', subnet, owner: '210987654321' }),
  ],
];

const interfaces: Case[] = [
  ['that has the group and is nobody’s', /eni-.*not of a test/, (ec2, net) => lone(ec2, net, [net.group])],
  [
    'of a load balancer',
    /eni-.* \(ELB net\/home\), of a service/,
    async (ec2, net, lab) => {
      const made = await lone(ec2, net, [], 'ELB net/home');
      await lab.command({ do: 'interface', interface: made, service: 'network_load_balancer' });
    },
  ],
  [
    'of a test, at a public address',
    /eni-.*public address 203\.0\.113\.7/,
    async (ec2, net, lab) => {
      const made = await lone(ec2, net, [net.group]);
      await ec2.send(
        new CreateTagsCommand({ Resources: [made], Tags: [{ Key: RUN_TAG, Value: 'r/web/1' }] }),
      );
      await lab.command({ do: 'interface', interface: made, publicIp: '203.0.113.7' });
    },
  ],
];

test.for<Case>([
  ...doors,
  ...routes.map(([to, ...rest]): Case => [`a route to ${to}`, ...rest]),
  ...rules.map(([what, ...rest]): Case => [`a group that lets traffic ${what}`, ...rest]),
  ...options.map(([what, ...rest]): Case => [`DHCP that tells ${what}`, ...rest]),
  ...addresses.map(([what, ...rest]): Case => [`a subnet that gives ${what}`, ...rest]),
  ...interfaces.map(([what, ...rest]): Case => [`a network interface ${what}`, ...rest]),
])('a network with %s, and nothing else, is refused, and nothing is launched', async ([, said, open]) => {
  const world = await begun();
  const { subnet, group } = world.network;
  await open(world.ec2, world.network, world.lab);
  const ways = waysOut(await world.machines.network([subnet], group));
  expect(ways).toEqual([expect.stringMatching(said)]);
  const failure = await rehearse(await world.at()).catch((error: unknown) => error);
  expect((failure as Failure).diagnostics).toMatchObject([{ code: 'network-open', category: 'blocked' }]);
  expect((failure as Failure).message).toContain(ways[0]);
  expect(await world.all()).toEqual([]);
});

test('what nobody may ask for refuses too, until it is said of this run that it doesn’t matter', async () => {
  const world = await begun();
  const at = await world.at();
  const { machines } = at.cloud;
  const blind = {
    ...at,
    cloud: {
      ...at.cloud,
      machines: {
        ...machines,
        network: async (subnets: readonly string[], group: string) => ({
          ...(await machines.network(subnets, group)),
          unseen: ['private hosted zones'],
        }),
      },
    },
  };
  const failure = await rehearse(blind).catch((error: unknown) => error);
  expect((failure as Failure).diagnostics).toMatchObject([{ code: 'network-open', category: 'blocked' }]);
  expect((failure as Failure).message).toContain('nobody here may ask for private hosted zones');
  expect(await world.all()).toEqual([]);
  await rehearse({ ...blind, mayBeUnseen: true });
  expect(at.run.steps.find(({ what }) => what === 'proven')).toMatchObject({
    unseen: ['private hosted zones'],
  });
  // Whoever goes on with it needn't say it again.
  await rehearse(blind);
});

test('machines of a test that is still there don’t keep it from being proven again', async () => {
  const world = await begun();
  await rehearse(await world.at());
  const { subnet, group } = world.network;
  expect(waysOut(await world.machines.network([subnet], group))).toEqual([]);
  const { run } = await world.at();
  expect(run.steps.at(-1)).toMatchObject({ what: 'finished', ok: true, apart: true });

  // In whichever group and VPC its second one is: the machine is in both.
  const elsewhere = await apart(world.ec2);
  const second = await lone(world.ec2, elsewhere, [elsewhere.group]);
  const [{ InstanceId: instance = '' } = {}] = await world.all();
  await world.lab.command({ do: 'interface', interface: second, instance });
  expect(waysOut(await world.machines.network([subnet], group))).toEqual([
    `the VPC has the network interface ${second} in ${elsewhere.subnet} of ${elsewhere.vpc}, a second one of the machine ${instance}`,
  ]);
});

test('opened while machines ran in it: the test did not pass, and the record and the evidence say by what', async () => {
  const world = await begun();
  const elsewhere = await apart(world.ec2);
  const second = await lone(world.ec2, elsewhere, [elsewhere.group]);
  const failure = await rehearse(
    await world.at(async name => {
      if (name !== 'probed-web01') return;
      const [{ InstanceId: instance = '' } = {}] = await world.all();
      await world.lab.command({ do: 'interface', interface: second, instance });
    }),
  ).catch((error: unknown) => error);
  expect((failure as Failure).diagnostics).toMatchObject([{ code: 'network-opened', category: 'world' }]);
  expect((failure as Failure).message).toContain(`${second} in ${elsewhere.subnet} of ${elsewhere.vpc}`);
  const { run } = await world.at();
  const evidence = evidenceOf(run);
  expect(evidence).toMatchObject({ passed: false, network: { opened: [expect.stringContaining(second)] } });
  expect(evidencePage(evidence, new Map())).toContain('At the end it was open');
});

test('what every VPC is told by DHCP is no way out', () => {
  const shut = { routes: [], doors: [], unseen: [], addresses: [], interfaces: [], rules: [] };
  const dhcp = [
    { option: 'domain-name-servers', value: 'AmazonProvidedDNS' },
    { option: 'domain-name', value: 'eu-west-1.compute.internal' },
    { option: 'domain-name', value: 'ec2.internal' },
    { option: 'ntp-servers', value: '169.254.169.123' },
    { option: 'netbios-node-type', value: '2' },
  ];
  expect(waysOut({ ...shut, dhcp })).toEqual([]);
  const like = { option: 'domain-name', value: 'ec2.internal.example.com' };
  expect(waysOut({ ...shut, dhcp: [like] })).toHaveLength(1);
});

test('each kind of way out is told with what shuts it', () => {
  const facts = {
    ...{
      account: '1',
      vpc: 'vpc-1',
      group: 'sg-1',
      subnets: [{ id: 'subnet-1', zone: 'a', cidr: '10.0.0.0/24' }],
    },
    routes: ['a route to the internet'],
    doors: ['internet gateway igw-1'],
    unseen: ['private hosted zones'],
    rules: ['out to 0.0.0.0/0', 'in from sg-2'],
    addresses: ['subnet-1 gives public addresses'],
    interfaces: ['eni-1 of a load balancer'],
    dhcp: [{ option: 'domain-name-servers', value: '10.9.9.9' }],
  };
  const shuts = [
    /route table/,
    /away from the VPC/,
    /--allow recovery_plan:NAME/,
    /names? the group itself/,
    /public/,
    /belongs to/,
    /DHCP options/,
  ];
  let failure: unknown;
  try {
    refuseOpen(facts as unknown as NetworkFacts);
  } catch (error) {
    failure = error;
  }
  const { diagnostics } = failure as Failure;
  expect(diagnostics.map(({ hint }) => hint)).toEqual(shuts.map(shut => expect.stringMatching(shut)));
  expect(diagnostics[3]!.message).toMatch(/traffic out to 0\.0\.0\.0\/0; .* traffic in from sg-2$/);
  expect(diagnostics[3]!.hint).not.toContain('name subnets');
  expect(new Set(diagnostics.map(({ hint }) => hint)).size).toBe(7);
});
