import type {
  AssociateDhcpOptionsRequest,
  AssociateRouteTableRequest,
  AttachInternetGatewayRequest,
  AttachVpnGatewayRequest,
  CreateDhcpOptionsRequest,
  CreateEgressOnlyInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateNatGatewayRequest,
  CreateRouteTableRequest,
  CreateTransitGatewayVpcAttachmentRequest,
  CreateVpcEndpointRequest,
  CreateVpcPeeringConnectionRequest,
  CreateVpnGatewayRequest,
  DeleteDhcpOptionsRequest,
  DeleteEgressOnlyInternetGatewayRequest,
  DeleteInternetGatewayRequest,
  DeleteNatGatewayRequest,
  DeleteRouteRequest,
  DeleteRouteTableRequest,
  DeleteVpcEndpointsRequest,
  DetachInternetGatewayRequest,
  DisassociateRouteTableRequest,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { tagSet } from '../world/describe.ts';
import { byId, byIds, type KindName, kinds, refuse } from '../world/errors.ts';
import type { Gateway } from '../world/state.ts';
import { gatewayActions } from './gateways.ts';
import { routeActions } from './routes.ts';

/** Makes a gateway; one that isn't attached to a VPC yet has none. */
function add(
  call: Ec2Call,
  kind: Gateway['kind'],
  name: KindName,
  type: string,
  rest: Partial<Gateway>,
  tags: TagSpecification[] | undefined,
): string {
  const { state } = call;
  if (rest.vpc !== undefined) byId('vpc', state.vpcs, rest.vpc);
  const id = call.newId(kinds[name].prefix);
  state.gateways[id] = { id, kind, vpc: '', ...rest };
  setTags(call, id, requestedTags(tags, type));
  return id;
}

const ofKind = ({ state }: Ec2Call, name: KindName, id: string | undefined): Gateway =>
  byId(name, state.gateways, id);

function remove(call: Ec2Call, name: KindName, id: string | undefined): void {
  const gateway = ofKind(call, name, id);
  delete call.state.gateways[gateway.id];
  delete call.state.tags[gateway.id];
}

/** In the place of an id: the VPC has no DHCP options. Source: API reference, AssociateDhcpOptions. */
const NO_OPTIONS = 'default';

/** Source: API reference, CreateDhcpOptions. */
const dhcpKeys = [
  'domain-name-servers',
  'domain-name',
  'ntp-servers',
  'netbios-name-servers',
  'netbios-node-type',
  'ipv6-address-preferred-lease-time',
];

/** The id of options that are there. Throws ApiError. */
function optionsOf({ dhcpOptions }: Ec2Call['state'], id: string): string {
  if (Object.hasOwn(dhcpOptions, id)) return id;
  throw refuse.other('InvalidDhcpOptionID.NotFound', `The dhcpOption ID '${id}' does not exist`);
}

/** What a test of isolation is to find, made as EC2 has it made. */
export const networkMakeActions = {
  CreateInternetGateway(input: CreateInternetGatewayRequest, call: Ec2Call) {
    const id = add(call, 'internet', 'internetGateway', 'internet-gateway', {}, input.TagSpecifications);
    const { InternetGateways } = gatewayActions.DescribeInternetGateways({ InternetGatewayIds: [id] }, call);
    return { InternetGateway: { ...InternetGateways[0], Attachments: [] } };
  },
  AttachInternetGateway(input: AttachInternetGatewayRequest, call: Ec2Call): object {
    const gateway = ofKind(call, 'internetGateway', input.InternetGatewayId);
    if (gateway.vpc !== '')
      throw refuse.other(
        'Resource.AlreadyAssociated',
        `resource ${gateway.id} is already attached to a network`,
      );
    gateway.vpc = byId('vpc', call.state.vpcs, input.VpcId).id;
    return {};
  },
  DetachInternetGateway(input: DetachInternetGatewayRequest, call: Ec2Call): object {
    const gateway = ofKind(call, 'internetGateway', input.InternetGatewayId);
    if (gateway.vpc !== input.VpcId)
      throw refuse.other(
        'Gateway.NotAttached',
        `resource ${gateway.id} is not attached to network ${input.VpcId}`,
      );
    gateway.vpc = '';
    return {};
  },
  DeleteInternetGateway(input: DeleteInternetGatewayRequest, call: Ec2Call): object {
    if (ofKind(call, 'internetGateway', input.InternetGatewayId).vpc !== '')
      throw refuse.dependency(`The internetGateway '${input.InternetGatewayId}' has dependencies`);
    remove(call, 'internetGateway', input.InternetGatewayId);
    return {};
  },

  CreateEgressOnlyInternetGateway(input: CreateEgressOnlyInternetGatewayRequest, call: Ec2Call) {
    const rest = { vpc: input.VpcId ?? '' };
    const id = add(
      call,
      'egress-only',
      'egressOnlyGateway',
      'egress-only-internet-gateway',
      rest,
      input.TagSpecifications,
    );
    const { EgressOnlyInternetGateways } = gatewayActions.DescribeEgressOnlyInternetGateways(
      { EgressOnlyInternetGatewayIds: [id] },
      call,
    );
    return { EgressOnlyInternetGateway: EgressOnlyInternetGateways[0] };
  },
  DeleteEgressOnlyInternetGateway(input: DeleteEgressOnlyInternetGatewayRequest, call: Ec2Call) {
    remove(call, 'egressOnlyGateway', input.EgressOnlyInternetGatewayId);
    return { ReturnCode: true };
  },

  CreateNatGateway(input: CreateNatGatewayRequest, call: Ec2Call) {
    const subnet = byId('subnet', call.state.subnets, input.SubnetId);
    const rest = { vpc: subnet.vpc, subnet: subnet.id };
    const id = add(call, 'nat', 'natGateway', 'natgateway', rest, input.TagSpecifications);
    return { NatGateway: gatewayActions.DescribeNatGateways({ NatGatewayIds: [id] }, call).NatGateways[0] };
  },
  DeleteNatGateway(input: DeleteNatGatewayRequest, call: Ec2Call) {
    remove(call, 'natGateway', input.NatGatewayId);
    return { NatGatewayId: input.NatGatewayId };
  },

  CreateVpnGateway(input: CreateVpnGatewayRequest, call: Ec2Call) {
    const id = add(call, 'vpn', 'vpnGateway', 'vpn-gateway', {}, input.TagSpecifications);
    const { VpnGateways } = gatewayActions.DescribeVpnGateways({ VpnGatewayIds: [id] }, call);
    return { VpnGateway: { ...VpnGateways[0], VpcAttachments: [] } };
  },
  AttachVpnGateway(input: AttachVpnGatewayRequest, call: Ec2Call) {
    const gateway = ofKind(call, 'vpnGateway', input.VpnGatewayId);
    gateway.vpc = byId('vpc', call.state.vpcs, input.VpcId).id;
    return { VpcAttachment: { VpcId: gateway.vpc, State: 'attached' } };
  },

  CreateTransitGatewayVpcAttachment(input: CreateTransitGatewayVpcAttachmentRequest, call: Ec2Call) {
    const [subnet] = byIds('subnet', Object.values(call.state.subnets), input.SubnetIds);
    const rest = { vpc: input.VpcId ?? '', peer: input.TransitGatewayId ?? '', subnet: subnet!.id };
    const type = 'transit-gateway-attachment';
    const id = add(call, 'transit', 'transitAttachment', type, rest, input.TagSpecifications);
    const { TransitGatewayVpcAttachments } = gatewayActions.DescribeTransitGatewayVpcAttachments(
      { TransitGatewayAttachmentIds: [id] },
      call,
    );
    return { TransitGatewayVpcAttachment: TransitGatewayVpcAttachments[0] };
  },

  CreateVpcPeeringConnection(input: CreateVpcPeeringConnectionRequest, call: Ec2Call) {
    const rest = { vpc: input.VpcId ?? '', peer: input.PeerVpcId ?? '' };
    const id = add(call, 'peering', 'peering', 'vpc-peering-connection', rest, input.TagSpecifications);
    const { VpcPeeringConnections } = gatewayActions.DescribeVpcPeeringConnections(
      { VpcPeeringConnectionIds: [id] },
      call,
    );
    return { VpcPeeringConnection: VpcPeeringConnections[0] };
  },

  CreateVpcEndpoint(input: CreateVpcEndpointRequest, call: Ec2Call) {
    const { state } = call;
    const id = call.newId('vpce');
    state.endpoints[id] = {
      id,
      vpc: byId('vpc', state.vpcs, input.VpcId).id,
      service: input.ServiceName ?? '',
      type: input.VpcEndpointType === 'Interface' ? 'Interface' : 'Gateway',
    };
    setTags(call, id, requestedTags(input.TagSpecifications, 'vpc-endpoint'));
    const { VpcEndpoints } = gatewayActions.DescribeVpcEndpoints({ VpcEndpointIds: [id] }, call);
    return { VpcEndpoint: VpcEndpoints[0] };
  },
  DeleteVpcEndpoints(input: DeleteVpcEndpointsRequest, { state }: Ec2Call) {
    for (const { id } of byIds('endpoint', Object.values(state.endpoints), input.VpcEndpointIds)) {
      delete state.endpoints[id];
      delete state.tags[id];
    }
    return { Unsuccessful: [] };
  },

  CreateDhcpOptions(input: CreateDhcpOptionsRequest, call: Ec2Call) {
    const id = call.newId('dopt');
    const options = Object.fromEntries(
      (input.DhcpConfigurations ?? []).map(({ Key = '', Values = [] }) => [Key, Values]),
    );
    const unknown = Object.keys(options).find(key => !dhcpKeys.includes(key));
    if (unknown !== undefined || Object.keys(options).length === 0)
      throw refuse.parameter(`Value (${unknown ?? ''}) for parameter key is invalid.`);
    call.state.dhcpOptions[id] = options;
    setTags(call, id, requestedTags(input.TagSpecifications, 'dhcp-options'));
    return {
      DhcpOptions: {
        DhcpOptionsId: id,
        OwnerId: call.account,
        DhcpConfigurations: Object.entries(options).map(([Key, values]) => ({
          Key,
          Values: values.map(Value => ({ Value })),
        })),
        Tags: tagSet(call.state, id),
      },
    };
  },
  AssociateDhcpOptions(input: AssociateDhcpOptionsRequest, { state }: Ec2Call): object {
    const id = input.DhcpOptionsId ?? '';
    if (id !== NO_OPTIONS) optionsOf(state, id);
    byId('vpc', state.vpcs, input.VpcId).dhcpOptions = id;
    return {};
  },
  DeleteDhcpOptions(input: DeleteDhcpOptionsRequest, { state }: Ec2Call): object {
    const id = optionsOf(state, input.DhcpOptionsId ?? '');
    if (Object.values(state.vpcs).some(({ dhcpOptions }) => dhcpOptions === id))
      throw refuse.dependency(`The dhcpOptions '${id}' has dependencies and cannot be deleted.`);
    delete state.dhcpOptions[id];
    delete state.tags[id];
    return {};
  },

  CreateRouteTable(input: CreateRouteTableRequest, call: Ec2Call) {
    const { state } = call;
    const vpc = byId('vpc', state.vpcs, input.VpcId);
    const id = call.newId('rtb');
    const routes = [{ destination: vpc.cidr, target: 'local' }];
    state.routeTables[id] = { id, vpc: vpc.id, main: false, subnets: [], routes };
    setTags(call, id, requestedTags(input.TagSpecifications, 'route-table'));
    return { RouteTable: routeActions.DescribeRouteTables({ RouteTableIds: [id] }, call).RouteTables![0] };
  },
  AssociateRouteTable(input: AssociateRouteTableRequest, { state }: Ec2Call) {
    const table = byId('routeTable', state.routeTables, input.RouteTableId);
    const subnet = byId('subnet', state.subnets, input.SubnetId);
    for (const each of Object.values(state.routeTables))
      each.subnets = each.subnets.filter(id => id !== subnet.id);
    table.subnets.push(subnet.id);
    return {
      AssociationId: `rtbassoc-${subnet.id.replace('subnet-', '')}`,
      AssociationState: { State: 'associated' },
    };
  },
  DisassociateRouteTable(input: DisassociateRouteTableRequest, { state }: Ec2Call): object {
    const subnet = `subnet-${(input.AssociationId ?? '').replace('rtbassoc-', '')}`;
    const table = Object.values(state.routeTables).find(({ subnets }) => subnets.includes(subnet));
    if (!table)
      throw refuse.other(
        'InvalidAssociationID.NotFound',
        `The association ID '${input.AssociationId}' does not exist`,
      );
    table.subnets = table.subnets.filter(id => id !== subnet);
    return {};
  },
  DeleteRoute(input: DeleteRouteRequest, { state }: Ec2Call): object {
    const table = byId('routeTable', state.routeTables, input.RouteTableId);
    const destination = input.DestinationCidrBlock ?? input.DestinationIpv6CidrBlock;
    if (!table.routes.some(route => route.destination === destination))
      throw refuse.other('InvalidRoute.NotFound', `no route with destination-cidr-block ${destination}`);
    table.routes = table.routes.filter(route => route.destination !== destination);
    return {};
  },
  DeleteRouteTable(input: DeleteRouteTableRequest, { state }: Ec2Call): object {
    const table = byId('routeTable', state.routeTables, input.RouteTableId);
    if (table.main || table.subnets.length > 0)
      throw refuse.dependency(`The routeTable '${table.id}' has dependencies and cannot be deleted.`);
    delete state.routeTables[table.id];
    delete state.tags[table.id];
    return {};
  },
} satisfies Ec2Actions;
