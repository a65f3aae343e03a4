import type { DhcpConfiguration, IpPermission, NetworkInterface, Subnet } from '@aws-sdk/client-ec2';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { type NetworkFacts, RUN_TAG } from '../../recovery/model/machines.ts';
import type { RecoveryConnection } from './connection.ts';
import { doorsOf, routeWords } from './doors.ts';
import { allPages } from './pages.ts';
import { tagsOf } from './tags.ts';

/** All that leads out of a subnet and a security group, or into them. */
export async function readNetwork(
  connection: RecoveryConnection,
  subnet: string,
  group: string,
  signal?: AbortSignal,
): Promise<NetworkFacts> {
  const { ec2 } = connection;
  const all = allPages(connection, signal);
  const [[net], [guard]] = await Promise.all([
    all(
      'DescribeSubnets',
      subnet,
      (at, o) => ec2.paginateDescribeSubnets(at, { SubnetIds: [subnet] }, o),
      page => page.Subnets,
      /^InvalidSubnetID\./,
    ),
    all(
      'DescribeSecurityGroups',
      group,
      (at, o) => ec2.paginateDescribeSecurityGroups(at, { GroupIds: [group] }, o),
      page => page.SecurityGroups,
      /^InvalidGroup/,
    ),
  ]);
  if (!net?.VpcId || !guard) throw missing(net?.VpcId ? group : subnet);
  const vpc = net.VpcId;
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [vpc] }] };
  const [[itself], doors, tables, interfaces] = await Promise.all([
    all(
      'DescribeVpcs',
      vpc,
      (at, o) => ec2.paginateDescribeVpcs(at, { VpcIds: [vpc] }, o),
      page => page.Vpcs,
    ),
    doorsOf(connection, vpc, signal),
    all(
      'DescribeRouteTables',
      vpc,
      (at, o) => ec2.paginateDescribeRouteTables(at, inVpc, o),
      page => page.RouteTables,
    ),
    all(
      'DescribeNetworkInterfaces',
      vpc,
      (at, o) => ec2.paginateDescribeNetworkInterfaces(at, inVpc, o),
      page => page.NetworkInterfaces,
    ),
  ]);

  const dhcp = itself?.DhcpOptionsId;
  const dhcpOptions =
    dhcp === undefined || dhcp === 'default'
      ? []
      : await all(
          'DescribeDhcpOptions',
          dhcp,
          (at, o) => ec2.paginateDescribeDhcpOptions(at, { DhcpOptionsIds: [dhcp] }, o),
          page => page.DhcpOptions,
        );
  const own = tables.find(({ Associations = [] }) =>
    Associations.some(({ SubnetId }) => SubnetId === subnet),
  );
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
  const table = own ?? main;
  const account = guard.OwnerId ?? '';
  return {
    account,
    vpc,
    subnet,
    group,
    dhcp: (dhcpOptions[0]?.DhcpConfigurations ?? []).flatMap(dhcpValues),
    routes: table
      ? (table.Routes ?? []).flatMap(route => routeWords(route) ?? [])
      : ['no route table could be read'],
    doors,
    addresses: addressWords(net, account),
    interfaces: interfaces.flatMap(one => interfaceWords(one, group)),
    rules: [
      ...(guard.IpPermissions ?? []).flatMap(rule => ruleWords('in from', rule, group)),
      ...(guard.IpPermissionsEgress ?? []).flatMap(rule => ruleWords('out to', rule, group)),
    ],
  };
}

const dhcpValues = ({ Key = '', Values = [] }: DhcpConfiguration) =>
  Values.map(({ Value = '' }) => ({ option: Key, value: Value }));

/** What a subnet gives its machines besides a private address, and whose it is. */
const addressWords = (net: Subnet, account: string): string[] => [
  ...(net.MapPublicIpOnLaunch ? ['a public address for each machine'] : []),
  ...(net.MapCustomerOwnedIpOnLaunch ? ['an address of a network outside of AWS for each machine'] : []),
  ...(net.Ipv6CidrBlockAssociationSet ?? [])
    .filter(({ Ipv6CidrBlockState }) => !/^disassociat/.test(Ipv6CidrBlockState?.State ?? ''))
    .map(({ Ipv6CidrBlock }) => `IPv6 addresses of ${Ipv6CidrBlock}`),
  ...(net.OwnerId !== undefined && net.OwnerId !== account
    ? [`routes that account ${net.OwnerId} decides on, which shares it`]
    : []),
];

/**
 * An interface through which something else is reached, or reaches what is tested: of a load balancer, a
 * function, a client VPN, or of an instance that has the group and isn't one of a test's, which may have
 * another interface in another network. Undefined for one that is none of these.
 */
function interfaceWords(one: NetworkInterface, group: string): string[] {
  const isInGroup = (one.Groups ?? []).some(({ GroupId }) => GroupId === group);
  const isPlain = !one.RequesterManaged && (one.InterfaceType ?? 'interface') === 'interface';
  const of = one.Description ? ` (${one.Description.slice(0, 80)})` : '';
  const named = `${one.NetworkInterfaceId}${of}`;
  if (!isPlain) return [`${named}, of a service`];
  if (!isInGroup) return [];
  if (one.Association?.PublicIp !== undefined)
    return [`${named}, at the public address ${one.Association.PublicIp}`];
  return tagsOf(one.TagSet)[RUN_TAG] === undefined
    ? [`${named}, in the group of the test and not of a test`]
    : [];
}

function ruleWords(way: string, rule: IpPermission, own: string): string[] {
  const others = [
    ...(rule.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(rule.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(rule.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
    ...(rule.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId).filter(id => id !== own),
  ];
  return others.map(other => `${way} ${other ?? 'somewhere'}`);
}

const missing = (id: string): Failure =>
  new Failure(
    world('network-not-found', `there is no ${id} in this account and region`, {
      hint: 'check the id and the region of the aws target',
    }),
  );
