import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as ec2 from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import type { RecoveryConnection } from '../../src/aws/recovery/connection.ts';
import { readNetwork } from '../../src/aws/recovery/network.ts';
import { nodeHost } from '../../src/io/node.ts';
import { waysOut } from '../../src/recovery/failover/isolation.ts';

type Answers = Record<string, object[]>;

/**
 * A VPC that nothing leads out of, as EC2 describes it; what is said by others is an answer without
 * content.
 */
const shut: Answers = {
  DescribeSubnets: [
    {
      Subnets: [
        { SubnetId: 'subnet-b', VpcId: 'vpc-1', AvailabilityZone: 'zone-b', CidrBlock: '10.0.2.0/24' },
        { SubnetId: 'subnet-a', VpcId: 'vpc-1', AvailabilityZone: 'zone-a', CidrBlock: '10.0.1.0/24' },
      ],
    },
  ],
  DescribeSecurityGroups: [
    {
      SecurityGroups: [
        {
          GroupId: 'sg-1',
          OwnerId: '123456789012',
          VpcId: 'vpc-1',
          IpPermissions: [{ UserIdGroupPairs: [{ GroupId: 'sg-1' }] }],
          IpPermissionsEgress: [{ UserIdGroupPairs: [{ GroupId: 'sg-1' }] }],
        },
      ],
    },
  ],
  DescribeVpcs: [{ Vpcs: [{ VpcId: 'vpc-1', DhcpOptionsId: 'dopt-1' }] }],
  DescribeDhcpOptions: [
    {
      DhcpOptions: [
        {
          DhcpConfigurations: [
            { Key: 'domain-name', Values: [{ Value: 'eu-west-1.compute.internal' }] },
            { Key: 'domain-name-servers', Values: [{ Value: 'AmazonProvidedDNS' }] },
          ],
        },
      ],
    },
  ],
  DescribeRouteTables: [
    {
      RouteTables: [
        {
          Associations: [{ SubnetId: 'subnet-other' }],
          Routes: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-other' }],
        },
        { Associations: [{ Main: true }], Routes: [{ GatewayId: 'local' }] },
      ],
    },
  ],
};

/**
 * What is read of a VPC that EC2 describes so. An answer of several pages begins with one without
 * content.
 */
async function waysOf(
  more: Answers = {},
  resolver: object[] = [],
  associations: Associations = {},
): Promise<string[]> {
  const answers = { ...shut, ...more };
  const client = new ec2.EC2Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  onTestFinished(() => client.destroy());
  client.middlewareStack.add(
    (_, context) => async args => {
      const action = String(context.commandName).replace(/Command$/, '');
      const { NextToken } = args.input as { NextToken?: string };
      const page = Number(NextToken ?? 0);
      const pages = answers[action] ?? [{}];
      const output = {
        ...pages[page],
        $metadata: {},
        ...(page + 1 < pages.length && { NextToken: String(page + 1) }),
      };
      return { output, response: {} } as never;
    },
    { step: 'initialize', priority: 'high' },
  );
  const connection = {
    ec2,
    onEc2: (_: string, __: string, run: (client: ec2.EC2Client, options: object) => Promise<unknown>) =>
      run(client, {}),
    settings: { region: 'eu-west-1', endpoint: await serving(resolver, associations), clock, random },
    credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
    handler: client.config.requestHandler,
  } as unknown as RecoveryConnection;
  return waysOut(await readNetwork(connection, ['subnet-a', 'subnet-b'], 'sg-1'));
}

const { clock, random } = nodeHost();

/** What other services answer page by page, by their path; a number is a status without an answer. */
type Associations = Record<string, (object | string)[] | number>;

const none: Associations = {
  '/profileassociations': [{ ProfileAssociations: [] }],
  '/2013-04-01/hostedzonesbyvpc': ['<ListHostedZonesByVPCResponse/>'],
};

/** Route 53 Resolver, which says page by page what rules a VPC has, and the others. */
async function serving(pages: object[], associations: Associations): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const others = { ...none, ...associations }[pathname];
    if (others !== undefined) {
      response.statusCode = typeof others === 'number' ? others : 200;
      const at = Number(searchParams.get('nextToken') ?? searchParams.get('nexttoken') ?? 0);
      const page = typeof others === 'number' ? { message: 'no' } : others[at]!;
      response.end(typeof page === 'string' ? page : JSON.stringify(page));
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', part => parts.push(part));
    request.on('end', () => {
      const { NextToken } = JSON.parse(Buffer.concat(parts).toString()) as { NextToken?: string };
      const page = Number(NextToken ?? 0);
      const next = page + 1 < pages.length && { NextToken: String(page + 1) };
      response.end(JSON.stringify({ ResolverRuleAssociations: [], ...pages[page], ...next }));
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const routes = (...all: object[]): Answers => ({
  DescribeRouteTables: [{ RouteTables: [{ Associations: [{ Main: true }], Routes: all }] }],
});
const rules = (IpPermissions: object[], IpPermissionsEgress: object[] = []): Answers => ({
  DescribeSecurityGroups: [
    { SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-1', IpPermissions, IpPermissionsEgress }] },
  ],
});
const dhcp = (...servers: string[]): Answers => ({
  DescribeDhcpOptions: [
    {
      DhcpOptions: [
        {
          DhcpConfigurations: [{ Key: 'domain-name-servers', Values: servers.map(Value => ({ Value })) }],
        },
      ],
    },
  ],
});

test('nothing leads out of it', async () => {
  expect(await waysOf()).toEqual([]);
});

test.for<[string, Answers, string[]]>([
  [
    'a route of the main table, for both subnets',
    routes({ GatewayId: 'local' }, { DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' }),
    ['a route of subnet-a leads to 0.0.0.0/0 by igw-1', 'a route of subnet-b leads to 0.0.0.0/0 by igw-1'],
  ],
  [
    'a route of the table of one subnet alone',
    {
      DescribeRouteTables: [
        {
          RouteTables: [
            { Associations: [{ Main: true }], Routes: [{ GatewayId: 'local' }] },
            {
              Associations: [{ SubnetId: 'subnet-b' }],
              Routes: [{ DestinationCidrBlock: '10.1.0.0/16', TransitGatewayId: 'tgw-1' }],
            },
          ],
        },
      ],
    },
    ['a route of subnet-b leads to 10.1.0.0/16 by tgw-1'],
  ],
  [
    'no table that could be read',
    { DescribeRouteTables: [{}] },
    ['no route table of subnet-a could be read', 'no route table of subnet-b could be read'],
  ],
  ...(
    [
      [{ DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: 'eigw-1' }, '::/0 by eigw-1'],
      [{ DestinationPrefixListId: 'pl-1', NatGatewayId: 'nat-1' }, 'pl-1 by nat-1'],
      [{ DestinationCidrBlock: '10.1.0.0/16', VpcPeeringConnectionId: 'pcx-1' }, '10.1.0.0/16 by pcx-1'],
      [{ DestinationCidrBlock: '10.1.0.0/16', NetworkInterfaceId: 'eni-1' }, '10.1.0.0/16 by eni-1'],
      [{ LocalGatewayId: 'lgw-1' }, 'somewhere by lgw-1'],
    ] as const
  ).map(([route, to]): [string, Answers, string[]] => [
    `a route to ${to}`,
    routes(route),
    [`a route of subnet-a leads to ${to}`, `a route of subnet-b leads to ${to}`],
  ]),
  [
    'an internet gateway',
    { DescribeInternetGateways: [{}, { InternetGateways: [{ InternetGatewayId: 'igw-1' }] }] },
    ['the VPC has the internet gateway igw-1'],
  ],
  [
    'a NAT gateway, one that is deleted beside it',
    {
      DescribeNatGateways: [
        {},
        {
          NatGateways: [
            { NatGatewayId: 'nat-1', State: 'available' },
            { NatGatewayId: 'nat-2', State: 'deleted' },
            { NatGatewayId: 'nat-3', State: 'deleting' },
          ],
        },
      ],
    },
    ['the VPC has the NAT gateway nat-1', 'the VPC has the NAT gateway nat-3'],
  ],
  [
    'a VPN gateway',
    { DescribeVpnGateways: [{ VpnGateways: [{ VpnGatewayId: 'vgw-1', State: 'available' }] }] },
    ['the VPC has the VPN gateway vgw-1'],
  ],
  [
    'a transit gateway attachment',
    {
      DescribeTransitGatewayVpcAttachments: [
        {},
        { TransitGatewayVpcAttachments: [{ TransitGatewayAttachmentId: 'tgw-attach-1', State: 'pending' }] },
      ],
    },
    ['the VPC has the transit gateway attachment tgw-attach-1'],
  ],
  [
    'peerings, whoever asked for them',
    {
      DescribeVpcPeeringConnections: [
        {},
        {
          VpcPeeringConnections: [
            {
              VpcPeeringConnectionId: 'pcx-1',
              AccepterVpcInfo: { VpcId: 'vpc-1' },
              Status: { Code: 'active' },
            },
            {
              VpcPeeringConnectionId: 'pcx-2',
              RequesterVpcInfo: { VpcId: 'vpc-1' },
              Status: { Code: 'active' },
            },
            {
              VpcPeeringConnectionId: 'pcx-3',
              RequesterVpcInfo: { VpcId: 'vpc-1' },
              Status: { Code: 'expired' },
            },
            {
              VpcPeeringConnectionId: 'pcx-4',
              RequesterVpcInfo: { VpcId: 'vpc-2' },
              Status: { Code: 'active' },
            },
          ],
        },
      ],
    },
    ['the VPC has the peering pcx-1', 'the VPC has the peering pcx-2'],
  ],
  [
    'an egress-only gateway, another one of another VPC',
    {
      DescribeVpcs: [
        {
          Vpcs: [
            {
              VpcId: 'vpc-1',
              Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlockState: { State: 'disassociating' } }],
            },
          ],
        },
      ],
      DescribeEgressOnlyInternetGateways: [
        {},
        {
          EgressOnlyInternetGateways: [
            { EgressOnlyInternetGatewayId: 'eigw-1', Attachments: [{ VpcId: 'vpc-1' }] },
            { EgressOnlyInternetGatewayId: 'eigw-2', Attachments: [{ VpcId: 'vpc-2' }] },
          ],
        },
      ],
    },
    ['the VPC has the egress-only gateway eigw-1'],
  ],
  [
    'an endpoint',
    {
      DescribeVpcEndpoints: [
        {},
        { VpcEndpoints: [{ VpcEndpointId: 'vpce-1', ServiceName: 's3', State: 'Available' }] },
      ],
    },
    ['the VPC has the endpoint vpce-1 (s3)'],
  ],
  [
    'rules in, by each kind of peer',
    rules([
      {
        IpRanges: [{ CidrIp: '10.1.0.0/16' }],
        Ipv6Ranges: [{ CidrIpv6: '::/0' }],
        PrefixListIds: [{ PrefixListId: 'pl-1' }],
        UserIdGroupPairs: [{ GroupId: 'sg-1' }, { GroupId: 'sg-2' }],
      },
    ]),
    ['10.1.0.0/16', '::/0', 'pl-1', 'sg-2'].map(peer => `its security group lets traffic in from ${peer}`),
  ],
  [
    'a rule out',
    rules([], [{ IpRanges: [{ CidrIp: '10.1.0.0/16' }] }]),
    ['its security group lets traffic out to 10.1.0.0/16'],
  ],
  [
    'rules out, by each kind of peer',
    rules([], [{ Ipv6Ranges: [{ CidrIpv6: '::/0' }], PrefixListIds: [{ PrefixListId: 'pl-1' }] }]),
    ['::/0', 'pl-1'].map(peer => `its security group lets traffic out to ${peer}`),
  ],
  ['a name server of home', dhcp('AmazonProvidedDNS', '10.1.0.10'), ['DHCP names the name server 10.1.0.10']],
])('%s', async ([, answers, ways]) => {
  expect(await waysOf(answers)).toEqual(ways);
});

const group = (VpcId: string) => ({
  DescribeSecurityGroups: [{ SecurityGroups: [{ GroupId: 'sg-1', VpcId }] }],
});
const subnetA = { SubnetId: 'subnet-a', VpcId: 'vpc-1', CidrBlock: '10.0.1.0/24' };

test.for<[string, Answers, string]>([
  ['a subnet', { DescribeSubnets: [{ Subnets: [subnetA] }] }, 'there is no subnet-b in this account'],
  ['a group', { DescribeSecurityGroups: [{}] }, 'there is no sg-1 in this account'],
  [
    'a subnet of this VPC',
    { DescribeSubnets: [{ Subnets: [subnetA, { SubnetId: 'subnet-b', VpcId: 'vpc-2' }] }] },
    'subnet-a is of vpc-1, but subnet-b is of vpc-2',
  ],
  ['a group of this VPC', group('vpc-2'), 'subnet-a is of vpc-1, but sg-1 is of vpc-2'],
])('a network without %s is refused', async ([, answers, said]) => {
  await expect(waysOf(answers)).rejects.toThrow(said);
});

test.for<[string, object, string]>([
  [
    'an address outside of AWS',
    { MapCustomerOwnedIpOnLaunch: true },
    'an address of a network outside of AWS for each machine',
  ],
  [
    'IPv6, beside what it gave once',
    {
      Ipv6CidrBlockAssociationSet: [
        { Ipv6CidrBlock: '2001:db8:1::/64', Ipv6CidrBlockState: { State: 'disassociated' } },
        { Ipv6CidrBlock: '2001:db8:2::/64', Ipv6CidrBlockState: { State: 'associated' } },
      ],
    },
    'IPv6 addresses of 2001:db8:2::/64',
  ],
])('a subnet that gives %s', async ([, more, said]) => {
  const subnets = [
    { ...subnetA, ...more },
    { ...subnetA, SubnetId: 'subnet-b' },
  ];
  expect(await waysOf({ DescribeSubnets: [{ Subnets: subnets }] })).toEqual([`subnet-a gives ${said}`]);
});

const eni = (more: object) => ({
  DescribeNetworkInterfaces: [{ NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1', ...more }] }],
});

test.for<[string, object, string[]]>([
  ['that a service manages', { RequesterManaged: true, InterfaceType: 'interface' }, ['eni-1, of a service']],
  ['of another kind', { InterfaceType: 'lambda' }, ['eni-1, of a service']],
  ['of others, in another group, which reaches nothing', { Groups: [{ GroupId: 'sg-2' }] }, []],
])('a network interface %s', async ([, more, said]) => {
  expect(await waysOf(eni(more))).toEqual(said.map(one => `the VPC has the network interface ${one}`));
});

test('gateways that are gone are no way out', async () => {
  const gone = {
    DescribeVpnGateways: [{ VpnGateways: [{ VpnGatewayId: 'vgw-1', State: 'deleted' }] }],
    DescribeTransitGatewayVpcAttachments: [{ TransitGatewayVpcAttachments: [{ State: 'deleted' }] }],
    DescribeVpcEndpoints: [{ VpcEndpoints: [{ VpcEndpointId: 'vpce-1', State: 'Deleted' }] }],
  };
  expect(await waysOf(gone)).toEqual([]);
});

test('a route to nothing that is known is a way out', async () => {
  expect(await waysOf(routes({ DestinationCidrBlock: '10.1.0.0/16' }))).toContain(
    'a route of subnet-a leads to 10.1.0.0/16 by a target of another kind',
  );
});

test('a route into a blackhole is a way out: what it names may be there again', async () => {
  const route = { DestinationCidrBlock: '10.1.0.0/16', NatGatewayId: 'nat-1', State: 'blackhole' };
  expect(await waysOf(routes(route))).toContain('a route of subnet-a leads to 10.1.0.0/16 by nat-1');
});

test('a rule of the resolver on a later page, but the one that every VPC has', async () => {
  const own = { ResolverRuleId: 'rslvr-autodefined-rr-internet-resolver', Status: 'COMPLETE' };
  const rule = { ResolverRuleId: 'rslvr-rr-1', Status: 'DELETING' };
  const pages = [{ ResolverRuleAssociations: [own] }, { ResolverRuleAssociations: [rule] }];
  expect(await waysOf({}, pages)).toEqual(['the VPC has the Resolver rule rslvr-rr-1']);
});

const zone = (name: string) =>
  `<HostedZoneSummary><HostedZoneId>Z1</HostedZoneId><Name>${name}</Name></HostedZoneSummary>`;

test.for<[string, Associations, string[]]>([
  [
    'profiles of Route 53, on any page, but for one that is gone',
    {
      '/profileassociations': [
        { ProfileAssociations: [{ ProfileId: 'rp-1', Status: 'DELETED' }], NextToken: '1' },
        { ProfileAssociations: [{ ProfileId: 'rp-2', Status: 'DELETING' }, { ProfileId: 'rp-3' }] },
      ],
    },
    ['the VPC has the Route 53 profile rp-2', 'the VPC has the Route 53 profile rp-3'],
  ],
  [
    'private zones of Route 53, on any page',
    {
      '/2013-04-01/hostedzonesbyvpc': [
        `<R><HostedZoneSummaries>${zone('a.example.com.')}</HostedZoneSummaries><NextToken>1</NextToken></R>`,
        `<R><HostedZoneSummaries>${zone('b.example.com.')}${zone('c.example.com.')}</HostedZoneSummaries></R>`,
      ],
    },
    ['a', 'b', 'c'].map(name => `the VPC has the private hosted zone ${name}.example.com. (Z1)`),
  ],
  [
    'what nobody here may ask for',
    {
      '/profileassociations': 403,
      '/2013-04-01/hostedzonesbyvpc': 403,
    },
    [
      'nobody here may ask for Route 53 profiles (route53profiles:ListProfileAssociations is not allowed)',
      'nobody here may ask for private hosted zones (route53:ListHostedZonesByVPC is not allowed)',
    ],
  ],
])('%s', async ([, associations, expected]) => {
  expect(await waysOf({}, [], associations)).toEqual(expected);
});

test('a service that answers something else is no proof', async () => {
  await expect(waysOf({}, [], { '/profileassociations': 400 })).rejects.toThrow(
    /route53profiles:ListProfileAssociations/,
  );
});
