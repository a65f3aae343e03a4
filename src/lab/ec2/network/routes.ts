import type {
  CreateRouteRequest,
  CreateRouteResult,
  DescribeNetworkAclsRequest,
  DescribeNetworkAclsResult,
  DescribeRouteTablesRequest,
  DescribeRouteTablesResult,
  Route,
} from '@aws-sdk/client-ec2';
import { rangeOf } from '../world/addresses.ts';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';

/** By what a target's id begins with, the field of a route that names it. */
const fieldOf: [prefix: string, field: keyof Route & keyof CreateRouteRequest][] = [
  ['igw-', 'GatewayId'],
  ['vgw-', 'GatewayId'],
  ['vpce-', 'GatewayId'],
  ['nat-', 'NatGatewayId'],
  ['tgw-', 'TransitGatewayId'],
  ['pcx-', 'VpcPeeringConnectionId'],
  ['eigw-', 'EgressOnlyInternetGatewayId'],
  ['lgw-', 'LocalGatewayId'],
  ['cagw-', 'CarrierGatewayId'],
  ['i-', 'InstanceId'],
  ['eni-', 'NetworkInterfaceId'],
];

const routeOutput = ({ destination, target }: { destination: string; target: string }): Route => ({
  ...(destination.includes(':')
    ? { DestinationIpv6CidrBlock: destination }
    : destination.startsWith('pl-')
      ? { DestinationPrefixListId: destination }
      : { DestinationCidrBlock: destination }),
  [fieldOf.find(([prefix]) => target.startsWith(prefix))?.[1] ?? 'GatewayId']: target,
  Origin: target === 'local' ? 'CreateRouteTable' : 'CreateRoute',
  State: 'active',
});

export const routeActions = {
  CreateRoute(input: CreateRouteRequest, { state }: Ec2Call): CreateRouteResult {
    const table = byId('routeTable', state.routeTables, input.RouteTableId);
    const destination =
      input.DestinationCidrBlock ?? input.DestinationIpv6CidrBlock ?? input.DestinationPrefixListId;
    if (destination === undefined) throw refuse.missing('DestinationCidrBlock');
    if (input.DestinationCidrBlock !== undefined) rangeOf(input.DestinationCidrBlock);
    const target = fieldOf.map(([, field]) => input[field]).find(it => it !== undefined);
    if (target === undefined) throw refuse.missing('GatewayId');
    if (table.routes.some(it => it.destination === destination))
      throw refuse.other('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
    table.routes.push({ destination, target: String(target) });
    return { Return: true };
  },

  /** One of each VPC, which lets everything through. */
  DescribeNetworkAcls(
    input: DescribeNetworkAclsRequest,
    { state, account }: Ec2Call,
  ): DescribeNetworkAclsResult {
    const all = Object.values(state.vpcs).map(vpc => ({ id: vpc.id.replace('vpc-', 'acl-'), vpc: vpc.id }));
    const { page, ...token } = select(
      state,
      all.filter(({ id }) => !input.NetworkAclIds?.length || input.NetworkAclIds.includes(id)),
      input,
      (it, filter) => {
        const subnets = Object.values(state.subnets).filter(({ vpc }) => vpc === it.vpc);
        if (filter === 'vpc-id') return [it.vpc];
        if (filter === 'default') return ['true'];
        if (filter === 'association.subnet-id') return subnets.map(({ id }) => id);
        return undefined;
      },
    );
    const entry = (Egress: boolean, RuleNumber: number, RuleAction: 'allow' | 'deny') => ({
      Egress,
      RuleNumber,
      RuleAction,
      Protocol: '-1',
      CidrBlock: '0.0.0.0/0',
    });
    return {
      NetworkAcls: page.map(({ id, vpc }) => ({
        NetworkAclId: id,
        VpcId: vpc,
        OwnerId: account,
        IsDefault: true,
        Associations: Object.values(state.subnets)
          .filter(subnet => subnet.vpc === vpc)
          .map(subnet => ({
            NetworkAclAssociationId: subnet.id.replace('subnet-', 'aclassoc-'),
            NetworkAclId: id,
            SubnetId: subnet.id,
          })),
        Entries: [true, false].flatMap(egress => [
          entry(egress, 100, 'allow'),
          entry(egress, 32_767, 'deny'),
        ]),
        Tags: tagSet(state, id),
      })),
      ...token,
    };
  },

  DescribeRouteTables(
    input: DescribeRouteTablesRequest,
    { state, account }: Ec2Call,
  ): DescribeRouteTablesResult {
    const all = byIds('routeTable', Object.values(state.routeTables), input.RouteTableIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      filtersBy({
        'route-table-id': it => [it.id],
        'vpc-id': it => [it.vpc],
        'association.main': it => [String(it.main)],
        'association.subnet-id': it => it.subnets,
        'route.destination-cidr-block': it => it.routes.map(({ destination }) => destination),
        'route.gateway-id': it => it.routes.map(({ target }) => target),
      }),
      { ids: input.RouteTableIds, largest: 100 },
    );
    return {
      RouteTables: page.map(it => {
        const association = (SubnetId?: string) => ({
          RouteTableAssociationId: `rtbassoc-${(SubnetId ?? it.id).replace(/^[a-z]+-/, '')}`,
          RouteTableId: it.id,
          Main: SubnetId === undefined,
          ...(SubnetId !== undefined && { SubnetId }),
          AssociationState: { State: 'associated' as const },
        });
        return {
          RouteTableId: it.id,
          VpcId: it.vpc,
          OwnerId: account,
          Associations: [...(it.main ? [association()] : []), ...it.subnets.map(association)],
          PropagatingVgws: [],
          Routes: it.routes.map(routeOutput),
          Tags: tagSet(state, it.id),
        };
      }),
      ...token,
    };
  },
} satisfies Ec2Actions;
