import type { EC2Client, IpPermission, Route } from '@aws-sdk/client-ec2';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { NetworkFacts } from '../../recovery/model/machines.ts';
import type { RecoveryConnection } from './connection.ts';
import { resolverRules } from './resolver.ts';

/**
 * All that leads out of subnets and a security group of one VPC. Routes don't show everything: endpoints, the
 * resolver with its rules, and gateways that a route may name tomorrow are asked for apart.
 *
 * @throws Failure `network-not-found` with all that isn't there; `network-mixed`
 */
export async function readNetwork(
  connection: RecoveryConnection,
  subnets: readonly string[],
  group: string,
  signal?: AbortSignal,
): Promise<NetworkFacts> {
  const { ec2, onEc2 } = connection;
  const asking = { signal };
  /** All pages: one without content may come before one with. */
  const all = async <P, T>(
    action: string,
    thing: string,
    pages: (at: { client: EC2Client }, options: object) => AsyncIterable<P>,
    pick: (page: P) => T[] | undefined,
    expected?: RegExp,
  ): Promise<T[]> =>
    (await onEc2(
      action,
      thing,
      async (client, options) => {
        const found: T[] = [];
        for await (const page of pages({ client }, options)) found.push(...(pick(page) ?? []));
        return found;
      },
      { ...asking, ...(expected && { expected }) },
    )) ?? [];

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
  const attached = { Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] };
  const [[itself], resolver, tables, internet, nat, vpn, transit, peerings, egress, endpoints] =
    await Promise.all([
      all(
        'DescribeVpcs',
        vpc,
        (at, o) => ec2.paginateDescribeVpcs(at, { VpcIds: [vpc] }, o),
        page => page.Vpcs,
      ),
      resolverRules(connection, vpc, signal),
      all(
        'DescribeRouteTables',
        vpc,
        (at, o) => ec2.paginateDescribeRouteTables(at, inVpc, o),
        page => page.RouteTables,
      ),
      all(
        'DescribeInternetGateways',
        vpc,
        (at, o) => ec2.paginateDescribeInternetGateways(at, attached, o),
        page => page.InternetGateways,
      ),
      all(
        'DescribeNatGateways',
        vpc,
        (at, o) => ec2.paginateDescribeNatGateways(at, { Filter: inVpc.Filters }, o),
        page => page.NatGateways,
      ),
      onEc2(
        'DescribeVpnGateways',
        vpc,
        (client, o) => client.send(new ec2.DescribeVpnGatewaysCommand(attached), o),
        asking,
      ),
      all(
        'DescribeTransitGatewayVpcAttachments',
        vpc,
        (at, o) => ec2.paginateDescribeTransitGatewayVpcAttachments(at, inVpc, o),
        page => page.TransitGatewayVpcAttachments,
      ),
      // Filters go together by "and", and the VPC may be on either side: all are asked for at once.
      all(
        'DescribeVpcPeeringConnections',
        vpc,
        (at, o) => ec2.paginateDescribeVpcPeeringConnections(at, {}, o),
        page => page.VpcPeeringConnections,
      ),
      // It does not know a filter for the VPC.
      all(
        'DescribeEgressOnlyInternetGateways',
        vpc,
        (at, o) => ec2.paginateDescribeEgressOnlyInternetGateways(at, {}, o),
        page => page.EgressOnlyInternetGateways,
      ),
      all(
        'DescribeVpcEndpoints',
        vpc,
        (at, o) => ec2.paginateDescribeVpcEndpoints(at, inVpc, o),
        page => page.VpcEndpoints,
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
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
  const tableOf = (subnet: string) =>
    tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet)) ?? main;
  // What is being deleted isn't gone yet.
  const live = (state: string | undefined) => !/^(deleted|rejected|failed|expired)$/i.test(state ?? '');
  return {
    account: guard.OwnerId ?? '',
    vpc,
    subnets: found.map((net, n) => ({
      id: subnets[n]!,
      zone: net!.AvailabilityZone ?? '',
      range: net!.CidrBlock ?? '',
    })),
    group,
    nameServers: (dhcpOptions[0]?.DhcpConfigurations ?? [])
      .filter(({ Key }) => Key === 'domain-name-servers')
      .flatMap(({ Values = [] }) => Values.map(({ Value }) => Value ?? '')),
    routes: subnets.flatMap(subnet => {
      const table = tableOf(subnet);
      if (!table) return [`no route table of ${subnet} could be read`];
      return (table.Routes ?? []).flatMap(routeWords).map(to => `a route of ${subnet} leads to ${to}`);
    }),
    doors: [
      ...internet.map(it => `internet gateway ${it.InternetGatewayId}`),
      ...nat.filter(it => live(it.State)).map(it => `NAT gateway ${it.NatGatewayId}`),
      ...(vpn?.VpnGateways ?? []).filter(it => live(it.State)).map(it => `VPN gateway ${it.VpnGatewayId}`),
      ...transit
        .filter(it => live(it.State))
        .map(it => `transit gateway attachment ${it.TransitGatewayAttachmentId}`),
      ...peerings
        .filter(it => it.AccepterVpcInfo?.VpcId === vpc || it.RequesterVpcInfo?.VpcId === vpc)
        .filter(it => live(it.Status?.Code))
        .map(it => `peering ${it.VpcPeeringConnectionId}`),
      ...egress
        .filter(({ Attachments = [] }) => Attachments.some(({ VpcId }) => VpcId === vpc))
        .map(it => `egress-only gateway ${it.EgressOnlyInternetGatewayId}`),
      ...endpoints.filter(it => live(it.State)).map(it => `endpoint ${it.VpcEndpointId} (${it.ServiceName})`),
      ...resolver.map(rule => `Resolver rule ${rule}`),
    ],
    rules: [
      ...(guard.IpPermissions ?? []).flatMap(rule => ruleWords('in from', rule, group)),
      ...(guard.IpPermissionsEgress ?? []).flatMap(rule => ruleWords('out to', rule, group)),
    ],
  };
}

function routeWords(route: Route): string[] {
  if (route.GatewayId === 'local') return [];
  const to =
    route.DestinationCidrBlock ??
    route.DestinationIpv6CidrBlock ??
    route.DestinationPrefixListId ??
    'somewhere';
  const { GatewayId, NatGatewayId, TransitGatewayId, VpcPeeringConnectionId, NetworkInterfaceId } = route;
  const via =
    GatewayId ??
    NatGatewayId ??
    TransitGatewayId ??
    VpcPeeringConnectionId ??
    route.EgressOnlyInternetGatewayId ??
    NetworkInterfaceId ??
    'a target of another kind';
  return [`${to} by ${via}`];
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
