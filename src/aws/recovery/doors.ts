import type { Route, Vpc } from '@aws-sdk/client-ec2';
import { resolverRules } from './associations.ts';
import { allPages, type RecoveryConnection } from './connection.ts';

/**
 * All that a VPC has to do with anything else, as words. Routes don't show everything: endpoints, the
 * resolver with its rules, and gateways that a route may name tomorrow are asked for apart.
 *
 * @param described the VPC as DescribeVpcs answers just now
 */
export async function doorsOf(
  connection: RecoveryConnection,
  described: Vpc,
  signal?: AbortSignal,
): Promise<string[]> {
  const vpc = described.VpcId ?? '';
  const { ec2, onEc2 } = connection;
  const all = allPages(connection, signal);
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [vpc] }] };
  const attached = { Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] };
  const [resolver, internet, nat, vpn, transit, peerings, egress, endpoints] = await Promise.all([
    resolverRules(connection, vpc, signal),
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
      { signal },
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
    // It lets out IPv6 alone (Amazon VPC user guide, "Egress-only internet gateways"): no addresses of that,
    // nothing to let out. The call does not know a filter for the VPC.
    hasIpv6(described)
      ? all(
          'DescribeEgressOnlyInternetGateways',
          vpc,
          (at, o) => ec2.paginateDescribeEgressOnlyInternetGateways(at, {}, o),
          page => page.EgressOnlyInternetGateways,
        )
      : [],
    all(
      'DescribeVpcEndpoints',
      vpc,
      (at, o) => ec2.paginateDescribeVpcEndpoints(at, inVpc, o),
      page => page.VpcEndpoints,
    ),
  ]);
  return [
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
  ];
}

/** A block that is being taken away, or was, counts too: it isn't worth a doubt. */
const hasIpv6 = ({ Ipv6CidrBlockAssociationSet: blocks = [] }: Vpc): boolean => blocks.length > 0;

/** What is being deleted isn't gone yet. */
const live = (state: string | undefined): boolean =>
  !/^(deleted|rejected|failed|expired)$/i.test(state ?? '');

/** Where a route goes, in EC2's own terms. */
export const destinationOf = (route: Route): string | undefined =>
  route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? route.DestinationPrefixListId;

/**
 * A route as words; undefined for one within the VPC. Whatever it names, by whichever field, isn't `local`.
 */
export function routeWords(route: Route): string | undefined {
  if (route.GatewayId === 'local') return undefined;
  const via =
    route.GatewayId ??
    route.NatGatewayId ??
    route.TransitGatewayId ??
    route.VpcPeeringConnectionId ??
    route.EgressOnlyInternetGatewayId ??
    route.LocalGatewayId ??
    route.CarrierGatewayId ??
    route.CoreNetworkArn ??
    route.NetworkInterfaceId ??
    route.InstanceId ??
    'a target of another kind';
  return `${destinationOf(route) ?? 'somewhere'} by ${via}`;
}
