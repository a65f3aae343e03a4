import type { DhcpConfiguration, IpPermission, NetworkInterface, Subnet } from '@aws-sdk/client-ec2';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { type NetworkFacts, RUN_TAG } from '../../recovery/model/machines.ts';
import { associationsOf } from './associations.ts';
import { allPages, type RecoveryConnection } from './connection.ts';
import { doorsOf, routeWords } from './doors.ts';
import { tagsOf } from './tags.ts';

/**
 * All that leads out of subnets and a security group of one VPC, or into them.
 *
 * @throws Failure `network-not-found` with all that isn't there; `network-mixed`
 */
export async function readNetwork(
  connection: RecoveryConnection,
  subnets: readonly string[],
  group: string,
  signal?: AbortSignal,
): Promise<NetworkFacts> {
  const { ec2 } = connection;
  const all = allPages(connection, signal);
  const [nets, [guard]] = await Promise.all([
    all(
      'DescribeSubnets',
      subnets.join(', '),
      // By a filter, which answers with those that are there.
      (at, o) =>
        ec2.paginateDescribeSubnets(at, { Filters: [{ Name: 'subnet-id', Values: [...subnets] }] }, o),
      page => page.Subnets,
    ),
    all(
      'DescribeSecurityGroups',
      group,
      (at, o) => ec2.paginateDescribeSecurityGroups(at, { GroupIds: [group] }, o),
      page => page.SecurityGroups,
      /^InvalidGroup/,
    ),
  ]);
  const found = subnets.map(id => nets.find(({ SubnetId }) => SubnetId === id));
  const gone = [...subnets.filter((_, n) => !found[n]?.VpcId), ...(guard ? [] : [group])];
  if (gone.length > 0 || !guard) throw missing(gone);
  const vpc = found[0]!.VpcId!;
  const elsewhere = [
    ...found.filter(net => net!.VpcId !== vpc).map(net => `${net!.SubnetId} is of ${net!.VpcId}`),
    ...(guard.VpcId === vpc ? [] : [`${group} is of ${guard.VpcId}`]),
  ];
  if (elsewhere.length > 0) throw mixed(subnets[0]!, vpc, elsewhere);
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [vpc] }] };
  const [itself] = await all(
    'DescribeVpcs',
    vpc,
    (at, o) => ec2.paginateDescribeVpcs(at, { VpcIds: [vpc] }, o),
    page => page.Vpcs,
  );
  if (!itself) throw missing([vpc]);
  const dhcp = itself.DhcpOptionsId;
  const [dhcpOptions, doors, associated, tables, interfaces] = await Promise.all([
    dhcp === undefined || dhcp === 'default'
      ? []
      : all(
          'DescribeDhcpOptions',
          dhcp,
          (at, o) => ec2.paginateDescribeDhcpOptions(at, { DhcpOptionsIds: [dhcp] }, o),
          page => page.DhcpOptions,
        ),
    doorsOf(connection, itself, signal),
    associationsOf(connection, vpc, signal),
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
  const second = await secondInterfaces(connection, interfaces, group, signal);
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
  const tableOf = (subnet: string) =>
    tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet)) ?? main;
  const account = guard.OwnerId ?? '';
  return {
    account,
    vpc,
    subnets: found.map((net, n) => ({
      id: subnets[n]!,
      zone: net!.AvailabilityZone ?? '',
      range: net!.CidrBlock ?? '',
    })),
    group,
    dhcp: (dhcpOptions[0]?.DhcpConfigurations ?? []).flatMap(dhcpValues),
    routes: subnets.flatMap(subnet => {
      const table = tableOf(subnet);
      if (!table) return [`no route table of ${subnet} could be read`];
      return (table.Routes ?? [])
        .flatMap(route => routeWords(route) ?? [])
        .map(to => `a route of ${subnet} leads to ${to}`);
    }),
    doors: [...doors, ...associated.doors],
    unseen: associated.unseen,
    addresses: found.flatMap(net => addressWords(net!, account).map(it => `${net!.SubnetId} gives ${it}`)),
    given: {
      public: subnets.filter((_, n) => found[n]!.MapPublicIpOnLaunch),
      ipv6: subnets.filter((_, n) => found[n]!.AssignIpv6AddressOnCreation),
    },
    interfaces: [...interfaces.flatMap(one => interfaceWords(one, group)), ...second.map(secondWords)],
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

/** Values that one filter takes. Source: EC2 API reference, DescribeNetworkInterfaces, Filters. */
const mostValues = 200;

/**
 * What machines of a test have besides the one interface that they were launched with: it may be in any VPC
 * of the zone, so that the machines are asked about and not the VPC. Source: Amazon EC2 user guide,
 * "Multi-VPC ENI attachments".
 */
async function secondInterfaces(
  connection: RecoveryConnection,
  interfaces: readonly NetworkInterface[],
  group: string,
  signal?: AbortSignal,
): Promise<NetworkInterface[]> {
  const isOfTest = ({ Groups = [], TagSet }: NetworkInterface) =>
    Groups.some(({ GroupId }) => GroupId === group) || tagsOf(TagSet)[RUN_TAG] !== undefined;
  const machines = [
    ...new Set(interfaces.filter(isOfTest).flatMap(({ Attachment }) => Attachment?.InstanceId ?? [])),
  ];
  const all = allPages(connection, signal);
  const found: NetworkInterface[] = [];
  for (let at = 0; at < machines.length; at += mostValues) {
    const Filters = [{ Name: 'attachment.instance-id', Values: machines.slice(at, at + mostValues) }];
    const page = await all(
      'DescribeNetworkInterfaces',
      group,
      (paging, o) => connection.ec2.paginateDescribeNetworkInterfaces(paging, { Filters }, o),
      answer => answer.NetworkInterfaces,
    );
    found.push(...page.filter(({ Attachment }) => (Attachment?.DeviceIndex ?? 0) > 0));
  }
  return found;
}

const secondWords = ({ NetworkInterfaceId, Attachment, VpcId, SubnetId }: NetworkInterface): string =>
  `${NetworkInterfaceId} in ${SubnetId} of ${VpcId}, a second one of the machine ${Attachment?.InstanceId}`;

function ruleWords(way: string, rule: IpPermission, own: string): string[] {
  const others = [
    ...(rule.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(rule.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(rule.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
    ...(rule.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId).filter(id => id !== own),
  ];
  return others.map(other => `${way} ${other ?? 'somewhere'}`);
}

const missing = (ids: readonly string[]): Failure =>
  new Failure(
    world('network-not-found', `there is no ${ids.join(', no ')} in this account and region`, {
      hint: 'check the ids and the region of the aws target',
    }),
  );

const mixed = (subnet: string, vpc: string, elsewhere: readonly string[]): Failure =>
  new Failure(
    world('network-mixed', `${subnet} is of ${vpc}, but ${elsewhere.join(', and ')}`, {
      hint: 'name subnets and a security group of one VPC',
    }),
  );
