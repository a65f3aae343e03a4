import type {
  DescribeEgressOnlyInternetGatewaysRequest,
  DescribeInternetGatewaysRequest,
  DescribeNatGatewaysRequest,
  DescribeTransitGatewayVpcAttachmentsRequest,
  DescribeVpcEndpointsRequest,
  DescribeVpcPeeringConnectionsRequest,
  DescribeVpnGatewaysRequest,
} from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byIds, type KindName } from '../world/errors.ts';
import type { Gateway } from '../world/state.ts';

interface Asked {
  Filters?: DescribeVpnGatewaysRequest['Filters'];
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/** The gateways of one kind that a request asks for; `vpcFilter`: how it names the VPC. */
function ofKind(
  { state }: Ec2Call,
  kind: Gateway['kind'],
  name: KindName,
  input: Asked,
  ids: string[] | undefined,
  vpcFilter: string,
) {
  const all = Object.values(state.gateways).filter(it => it.kind === kind);
  return select(
    state,
    byIds(name, all, ids),
    input,
    (it, filter) => {
      if (filter === vpcFilter || filter === 'vpc-id') return [it.vpc];
      if (filter === 'state') return [kind === 'peering' ? 'active' : 'available'];
      if (filter === 'subnet-id') return [it.subnet];
      if (filter === 'accepter-vpc-info.vpc-id') return [it.peer];
      return undefined;
    },
    { ids },
  );
}

export const gatewayActions = {
  DescribeInternetGateways(input: DescribeInternetGatewaysRequest, call: Ec2Call) {
    const { page, ...token } = ofKind(
      call,
      'internet',
      'internetGateway',
      input,
      input.InternetGatewayIds,
      'attachment.vpc-id',
    );
    return {
      InternetGateways: page.map(it => ({
        InternetGatewayId: it.id,
        OwnerId: call.account,
        Attachments: it.vpc === '' ? [] : [{ VpcId: it.vpc, State: 'available' }],
        Tags: tagSet(call.state, it.id),
      })),
      ...token,
    };
  },

  DescribeNatGateways(input: DescribeNatGatewaysRequest, call: Ec2Call) {
    const { Filter: Filters, ...rest } = input;
    const { page, ...token } = ofKind(
      call,
      'nat',
      'natGateway',
      { ...rest, Filters },
      input.NatGatewayIds,
      'vpc-id',
    );
    return {
      NatGateways: page.map(it => ({
        NatGatewayId: it.id,
        VpcId: it.vpc,
        SubnetId: it.subnet,
        State: 'available',
        ConnectivityType: 'public',
        NatGatewayAddresses: [],
        Tags: tagSet(call.state, it.id),
      })),
      ...token,
    };
  },

  DescribeVpnGateways(input: DescribeVpnGatewaysRequest, call: Ec2Call) {
    const { page } = ofKind(call, 'vpn', 'vpnGateway', input, input.VpnGatewayIds, 'attachment.vpc-id');
    return {
      VpnGateways: page.map(it => ({
        VpnGatewayId: it.id,
        State: 'available',
        Type: 'ipsec.1',
        AmazonSideAsn: 64_512,
        VpcAttachments: it.vpc === '' ? [] : [{ VpcId: it.vpc, State: 'attached' }],
        Tags: tagSet(call.state, it.id),
      })),
    };
  },

  DescribeTransitGatewayVpcAttachments(input: DescribeTransitGatewayVpcAttachmentsRequest, call: Ec2Call) {
    const { page, ...token } = ofKind(
      call,
      'transit',
      'transitAttachment',
      input,
      input.TransitGatewayAttachmentIds,
      'vpc-id',
    );
    return {
      TransitGatewayVpcAttachments: page.map(it => ({
        TransitGatewayAttachmentId: it.id,
        TransitGatewayId: it.peer,
        VpcId: it.vpc,
        VpcOwnerId: call.account,
        State: 'available',
        SubnetIds: it.subnet === undefined ? [] : [it.subnet],
        Tags: tagSet(call.state, it.id),
      })),
      ...token,
    };
  },

  DescribeVpcPeeringConnections(input: DescribeVpcPeeringConnectionsRequest, call: Ec2Call) {
    const { page, ...token } = ofKind(
      call,
      'peering',
      'peering',
      input,
      input.VpcPeeringConnectionIds,
      'requester-vpc-info.vpc-id',
    );
    const side = (vpc: string | undefined) => ({
      VpcId: vpc,
      OwnerId: call.account,
      Region: call.region,
      ...(vpc !== undefined && call.state.vpcs[vpc] && { CidrBlock: call.state.vpcs[vpc].cidr }),
    });
    return {
      VpcPeeringConnections: page.map(it => ({
        VpcPeeringConnectionId: it.id,
        RequesterVpcInfo: side(it.vpc),
        AccepterVpcInfo: side(it.peer),
        Status: { Code: 'active', Message: 'Active' },
        Tags: tagSet(call.state, it.id),
      })),
      ...token,
    };
  },

  DescribeEgressOnlyInternetGateways(input: DescribeEgressOnlyInternetGatewaysRequest, call: Ec2Call) {
    const { page, ...token } = ofKind(
      call,
      'egress-only',
      'egressOnlyGateway',
      input,
      input.EgressOnlyInternetGatewayIds,
      'attachment.vpc-id',
    );
    return {
      EgressOnlyInternetGateways: page.map(it => ({
        EgressOnlyInternetGatewayId: it.id,
        Attachments: [{ VpcId: it.vpc, State: 'attached' }],
        Tags: tagSet(call.state, it.id),
      })),
      ...token,
    };
  },

  DescribeVpcEndpoints(input: DescribeVpcEndpointsRequest, { state, account }: Ec2Call) {
    const all = byIds('endpoint', Object.values(state.endpoints), input.VpcEndpointIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      filtersBy({
        'vpc-id': it => [it.vpc],
        'service-name': it => [it.service],
        'vpc-endpoint-id': it => [it.id],
        'vpc-endpoint-type': it => [it.type],
        'vpc-endpoint-state': () => ['available'],
      }),
      { ids: input.VpcEndpointIds },
    );
    return {
      VpcEndpoints: page.map(it => ({
        VpcEndpointId: it.id,
        VpcEndpointType: it.type,
        VpcId: it.vpc,
        ServiceName: it.service,
        State: 'Available',
        OwnerId: account,
        Tags: tagSet(state, it.id),
      })),
      ...token,
    };
  },
} satisfies Ec2Actions;
