import type {
  AssociateSubnetCidrBlockRequest,
  AssociateSubnetCidrBlockResult,
  CreateSubnetRequest,
  CreateSubnetResult,
  CreateVpcRequest,
  CreateVpcResult,
  DeleteSubnetRequest,
  DeleteVpcRequest,
  DescribeAvailabilityZonesResult,
  DescribeDhcpOptionsRequest,
  DescribeDhcpOptionsResult,
  DescribeRegionsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  ModifySubnetAttributeRequest,
  ModifyVpcAttributeRequest,
  Subnet as SubnetOutput,
  Vpc as VpcOutput,
} from '@aws-sdk/client-ec2';
import { freeAddresses, liesWithin, overlap, rangeOf } from '../world/addresses.ts';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import type { Subnet, Vpc } from '../world/state.ts';

const vpcOutput = ({ state, account }: Ec2Call, it: Vpc): VpcOutput => ({
  VpcId: it.id,
  State: 'available',
  CidrBlock: it.cidr,
  OwnerId: account,
  InstanceTenancy: 'default',
  IsDefault: it.isDefault,
  DhcpOptionsId: it.dhcpOptions,
  CidrBlockAssociationSet: [
    {
      AssociationId: it.id.replace('vpc-', 'vpc-cidr-assoc-'),
      CidrBlock: it.cidr,
      CidrBlockState: { State: 'associated' },
    },
  ],
  ...(it.ipv6 !== undefined && {
    Ipv6CidrBlockAssociationSet: [
      {
        AssociationId: it.id.replace('vpc-', 'vpc-cidr-assoc-6'),
        Ipv6CidrBlock: it.ipv6,
        Ipv6CidrBlockState: { State: 'associated' },
      },
    ],
  }),
  Tags: tagSet(state, it.id),
});

const zoneId = (zone: string) => `euw1-az${zone.charCodeAt(zone.length - 1) - 96}`;

const subnetOutput = (call: Ec2Call, it: Subnet): SubnetOutput => ({
  SubnetId: it.id,
  SubnetArn: `arn:aws:ec2:${call.region}:${call.account}:subnet/${it.id}`,
  State: 'available',
  VpcId: it.vpc,
  OwnerId: it.owner ?? call.account,
  CidrBlock: it.cidr,
  AvailableIpAddressCount: freeAddresses(call, it),
  AvailabilityZone: it.zone,
  AvailabilityZoneId: zoneId(it.zone),
  DefaultForAz: it.isDefault,
  MapPublicIpOnLaunch: it.publicIp,
  AssignIpv6AddressOnCreation: false,
  Ipv6CidrBlockAssociationSet: it.ipv6 === undefined ? [] : [ipv6Of(it, it.ipv6)],
  Tags: tagSet(call.state, it.id),
});

const ipv6Of = ({ id }: Subnet, block: string) => ({
  AssociationId: id.replace('subnet-', 'subnet-cidr-assoc-'),
  Ipv6CidrBlock: block,
  Ipv6CidrBlockState: { State: 'associated' as const },
});

export const networkActions = {
  DescribeRegions: (_: object, { region }: Ec2Call): DescribeRegionsResult => ({
    Regions: [
      { RegionName: region, Endpoint: `ec2.${region}.amazonaws.com`, OptInStatus: 'opt-in-not-required' },
    ],
  }),

  DescribeAvailabilityZones: (_: object, { region }: Ec2Call): DescribeAvailabilityZonesResult => ({
    AvailabilityZones: ['a', 'b'].map(letter => ({
      ZoneName: `${region}${letter}`,
      ZoneId: zoneId(`${region}${letter}`),
      ZoneType: 'availability-zone',
      State: 'available',
      RegionName: region,
      OptInStatus: 'opt-in-not-required',
      Messages: [],
    })),
  }),

  CreateVpc(input: CreateVpcRequest, call: Ec2Call): CreateVpcResult {
    const { state } = call;
    const [first, last] = rangeOf(input.CidrBlock ?? '');
    if (last - first + 1 > 2 ** 16 || last - first + 1 < 16)
      throw refuse.other('InvalidVpc.Range', `The CIDR '${input.CidrBlock}' is invalid: /16 to /28.`);
    const vpc: Vpc = {
      id: call.newId('vpc'),
      cidr: input.CidrBlock!,
      isDefault: false,
      dhcpOptions: Object.keys(state.dhcpOptions)[0]!,
      dnsSupport: true,
      dnsHostnames: false,
      ...(input.AmazonProvidedIpv6CidrBlock && {
        ipv6: `2001:db8:${Object.keys(state.vpcs).length.toString(16)}00::/56`,
      }),
    };
    state.vpcs[vpc.id] = vpc;
    const table = call.newId('rtb');
    state.routeTables[table] = {
      id: table,
      vpc: vpc.id,
      main: true,
      subnets: [],
      routes: [{ destination: vpc.cidr, target: 'local' }],
    };
    const group = call.newId('sg');
    state.groups[group] = {
      id: group,
      vpc: vpc.id,
      name: 'default',
      description: 'default VPC security group',
      rules: [
        { id: call.newId('sgr'), egress: false, protocol: '-1', peer: group },
        { id: call.newId('sgr'), egress: true, protocol: '-1', peer: '0.0.0.0/0' },
      ],
    };
    setTags(call, vpc.id, requestedTags(input.TagSpecifications, 'vpc'));
    return { Vpc: vpcOutput(call, vpc) };
  },

  DeleteVpc(input: DeleteVpcRequest, { state }: Ec2Call): object {
    const vpc = byId('vpc', state.vpcs, input.VpcId);
    const inside = [
      ...Object.values(state.subnets),
      ...Object.values(state.gateways),
      ...Object.values(state.endpoints),
      ...Object.values(state.groups).filter(({ name }) => name !== 'default'),
      ...Object.values(state.routeTables).filter(({ main }) => !main),
    ].some(it => it.vpc === vpc.id);
    if (inside) throw refuse.dependency(`The vpc '${vpc.id}' has dependencies and cannot be deleted.`);
    delete state.vpcs[vpc.id];
    delete state.tags[vpc.id];
    for (const all of [state.routeTables, state.groups] as Record<string, { id: string; vpc: string }>[])
      for (const it of Object.values(all)) if (it.vpc === vpc.id) delete all[it.id];
    return {};
  },

  CreateSubnet(input: CreateSubnetRequest, call: Ec2Call): CreateSubnetResult {
    const { state, region } = call;
    const vpc = byId('vpc', state.vpcs, input.VpcId);
    const cidr = input.CidrBlock ?? '';
    const [first, last] = rangeOf(cidr);
    if (last - first + 1 < 16 || !liesWithin(cidr, vpc.cidr))
      throw refuse.other('InvalidSubnet.Range', `The CIDR '${cidr}' is invalid.`);
    const taken = Object.values(state.subnets).find(it => it.vpc === vpc.id && overlap(it.cidr, cidr));
    if (taken) throw refuse.other('InvalidSubnet.Conflict', `The CIDR '${cidr}' conflicts with ${taken.id}`);
    const zone = input.AvailabilityZone ?? `${region}a`;
    if (![`${region}a`, `${region}b`].includes(zone))
      throw refuse.parameter(`Value (${zone}) for parameter availabilityZone is invalid.`);
    const subnet: Subnet = {
      id: call.newId('subnet'),
      vpc: vpc.id,
      zone,
      cidr,
      isDefault: false,
      publicIp: false,
    };
    state.subnets[subnet.id] = subnet;
    setTags(call, subnet.id, requestedTags(input.TagSpecifications, 'subnet'));
    return { Subnet: subnetOutput(call, subnet) };
  },

  DeleteSubnet(input: DeleteSubnetRequest, { state }: Ec2Call): object {
    const subnet = byId('subnet', state.subnets, input.SubnetId);
    const used = [
      ...Object.values(state.instances).filter(it => it.state !== 'terminated'),
      ...Object.values(state.interfaces ?? {}),
      ...Object.values(state.gateways).filter(({ kind }) => kind === 'nat'),
    ].some(it => it.subnet === subnet.id);
    if (used) throw refuse.dependency(`The subnet '${subnet.id}' has dependencies and cannot be deleted.`);
    delete state.subnets[subnet.id];
    delete state.tags[subnet.id];
    for (const table of Object.values(state.routeTables))
      table.subnets = table.subnets.filter(id => id !== subnet.id);
    return {};
  },

  DescribeVpcs(input: DescribeVpcsRequest, call: Ec2Call): DescribeVpcsResult {
    const all = byIds('vpc', Object.values(call.state.vpcs), input.VpcIds);
    const { page, ...token } = select(
      call.state,
      all,
      input,
      filtersBy({
        'vpc-id': it => [it.id],
        cidr: it => [it.cidr],
        'cidr-block-association.cidr-block': it => [it.cidr],
        'is-default': it => [String(it.isDefault)],
        isDefault: it => [String(it.isDefault)],
        state: () => ['available'],
        'dhcp-options-id': it => [it.dhcpOptions],
      }),
      { ids: input.VpcIds, idsName: 'vpcIds' },
    );
    return { Vpcs: page.map(it => vpcOutput(call, it)), ...token };
  },

  DescribeVpcAttribute(input: DescribeVpcAttributeRequest, { state }: Ec2Call): DescribeVpcAttributeResult {
    const vpc = byId('vpc', state.vpcs, input.VpcId);
    return {
      VpcId: vpc.id,
      ...(input.Attribute === 'enableDnsSupport' && { EnableDnsSupport: { Value: vpc.dnsSupport } }),
      ...(input.Attribute === 'enableDnsHostnames' && { EnableDnsHostnames: { Value: vpc.dnsHostnames } }),
    };
  },

  ModifyVpcAttribute(input: ModifyVpcAttributeRequest, { state }: Ec2Call): object {
    const vpc = byId('vpc', state.vpcs, input.VpcId);
    const { EnableDnsSupport: support, EnableDnsHostnames: hostnames } = input;
    if (support && hostnames)
      throw refuse.combination('The request can modify one attribute of a VPC at a time');
    if (hostnames?.Value && !vpc.dnsSupport)
      throw refuse.parameter('enableDnsHostnames needs enableDnsSupport');
    if (support?.Value !== undefined) vpc.dnsSupport = support.Value;
    if (hostnames?.Value !== undefined) vpc.dnsHostnames = hostnames.Value;
    return {};
  },

  ModifySubnetAttribute(input: ModifySubnetAttributeRequest, { state }: Ec2Call): object {
    const subnet = byId('subnet', state.subnets, input.SubnetId);
    if (input.MapPublicIpOnLaunch?.Value !== undefined) subnet.publicIp = input.MapPublicIpOnLaunch.Value;
    return {};
  },

  AssociateSubnetCidrBlock(
    input: AssociateSubnetCidrBlockRequest,
    { state }: Ec2Call,
  ): AssociateSubnetCidrBlockResult {
    const subnet = byId('subnet', state.subnets, input.SubnetId);
    const block = input.Ipv6CidrBlock ?? '';
    if (!/^[0-9a-f:]+\/64$/i.test(block))
      throw refuse.other('InvalidSubnet.Range', `The CIDR '${block}' is invalid.`);
    subnet.ipv6 = block;
    return { SubnetId: subnet.id, Ipv6CidrBlockAssociation: ipv6Of(subnet, block) };
  },

  DescribeSubnets(input: DescribeSubnetsRequest, call: Ec2Call): DescribeSubnetsResult {
    const all = byIds('subnet', Object.values(call.state.subnets), input.SubnetIds);
    const { page, ...token } = select(
      call.state,
      all,
      input,
      filtersBy({
        'subnet-id': it => [it.id],
        'vpc-id': it => [it.vpc],
        'availability-zone': it => [it.zone],
        availabilityZone: it => [it.zone],
        'cidr-block': it => [it.cidr],
        cidr: it => [it.cidr],
        state: () => ['available'],
        'default-for-az': it => [String(it.isDefault)],
        defaultForAz: it => [String(it.isDefault)],
      }),
      { ids: input.SubnetIds, idsName: 'subnetIds' },
    );
    return { Subnets: page.map(it => subnetOutput(call, it)), ...token };
  },

  DescribeDhcpOptions(input: DescribeDhcpOptionsRequest, call: Ec2Call): DescribeDhcpOptionsResult {
    const { state, account } = call;
    const sets = Object.entries(state.dhcpOptions).map(([id, options]) => ({ id, options }));
    const all = byIds('dhcpOptions', sets, input.DhcpOptionsIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) =>
        filter === 'dhcp-options-id' ? [it.id] : filter === 'key' ? Object.keys(it.options) : undefined,
      { ids: input.DhcpOptionsIds },
    );
    return {
      DhcpOptions: page.map(({ id, options }) => ({
        DhcpOptionsId: id,
        OwnerId: account,
        DhcpConfigurations: Object.entries(options).map(([Key, values]) => ({
          Key,
          Values: values.map(Value => ({ Value })),
        })),
        Tags: tagSet(state, id),
      })),
      ...token,
    };
  },
} satisfies Ec2Actions;
