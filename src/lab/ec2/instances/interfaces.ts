import type {
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult,
  DeleteNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import { addressFor } from '../world/addresses.ts';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import type { LabInstance, LoneInterface } from '../world/state.ts';
import { instanceOf } from './instance-output.ts';

type Shown = NetworkInterface & { id: string };

/** The one of an instance. */
function attached(call: Ec2Call, instance: LabInstance): Shown {
  const { Attachment, PrivateIpAddresses, ...it } = instanceOf(call, instance).NetworkInterfaces![0]!;
  return {
    ...it,
    id: instance.interface.id,
    InterfaceType: 'interface',
    AvailabilityZone: call.state.subnets[instance.subnet]!.zone,
    RequesterManaged: false,
    Attachment: { ...Attachment, InstanceId: instance.id, InstanceOwnerId: call.account },
    PrivateIpAddresses: PrivateIpAddresses!,
    TagSet: tagSet(call.state, instance.interface.id),
  };
}

/** One that somebody made; an instance may have it as its second. */
function alone({ state, account }: Ec2Call, it: LoneInterface): Shown {
  const { vpc, zone } = state.subnets[it.subnet]!;
  return {
    id: it.id,
    NetworkInterfaceId: it.id,
    OwnerId: account,
    VpcId: vpc,
    SubnetId: it.subnet,
    AvailabilityZone: zone,
    Description: it.description,
    Groups: it.groups.map(GroupId => ({ GroupId, GroupName: state.groups[GroupId]?.name ?? '' })),
    InterfaceType: (it.service ?? 'interface') as 'interface',
    MacAddress: it.mac,
    PrivateIpAddress: it.privateIp,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: it.privateIp }],
    RequesterManaged: it.service !== undefined,
    ...(it.publicIp !== undefined && { Association: { PublicIp: it.publicIp, IpOwnerId: account } }),
    SourceDestCheck: true,
    Status: it.instance === undefined ? 'available' : 'in-use',
    ...(it.instance !== undefined && {
      Attachment: { InstanceId: it.instance, InstanceOwnerId: account, DeviceIndex: 1, Status: 'attached' },
    }),
    TagSet: tagSet(state, it.id),
  };
}

export const interfaceActions = {
  CreateNetworkInterface(input: CreateNetworkInterfaceRequest, call: Ec2Call): CreateNetworkInterfaceResult {
    const { state } = call;
    const subnet = byId('subnet', state.subnets, input.SubnetId);
    const groups = byIds('group', Object.values(state.groups), input.Groups ?? [])
      .filter(({ id, name, vpc }) =>
        input.Groups ? input.Groups.includes(id) : name === 'default' && vpc === subnet.vpc,
      )
      .map(({ id }) => id);
    const id = call.newId('eni');
    const made: LoneInterface = {
      id,
      subnet: subnet.id,
      groups,
      privateIp: addressFor(call, subnet, input.PrivateIpAddress),
      mac: `02:${call.random.bytes(5).toString('hex').match(/../g)!.join(':')}`,
      description: input.Description ?? '',
    };
    state.interfaces = { ...state.interfaces, [id]: made };
    setTags(call, id, requestedTags(input.TagSpecifications, 'network-interface'));
    const { id: _, ...shown } = alone(call, made);
    return { NetworkInterface: shown };
  },

  DeleteNetworkInterface(input: DeleteNetworkInterfaceRequest, { state }: Ec2Call): object {
    const inUse = Object.values(state.instances).find(
      it => it.state !== 'terminated' && it.interface.id === input.NetworkInterfaceId,
    );
    if (inUse)
      throw refuse.other(
        'InvalidNetworkInterface.InUse',
        `Interface: [${inUse.interface.id}] in use by instance ${inUse.id}`,
      );
    const { id } = byId('interface', state.interfaces ?? {}, input.NetworkInterfaceId);
    delete state.interfaces![id];
    delete state.tags[id];
    return {};
  },

  DescribeNetworkInterfaces(
    input: DescribeNetworkInterfacesRequest,
    call: Ec2Call,
  ): DescribeNetworkInterfacesResult {
    const { state } = call;
    const all = [
      ...Object.values(state.instances)
        .filter(it => it.state !== 'terminated')
        .map(it => attached(call, it)),
      ...Object.values(state.interfaces ?? {}).map(it => alone(call, it)),
    ];
    const chosen = byIds('interface', all, input.NetworkInterfaceIds);
    const { page, ...token } = select(
      state,
      chosen,
      input,
      filtersBy({
        'network-interface-id': it => [it.id],
        'attachment.instance-id': it => [it.Attachment?.InstanceId],
        'group-id': it => (it.Groups ?? []).map(({ GroupId }) => GroupId),
        'subnet-id': it => [it.SubnetId],
        'vpc-id': it => [it.VpcId],
        'private-ip-address': it => [it.PrivateIpAddress],
        'addresses.private-ip-address': it => [it.PrivateIpAddress],
        status: it => [it.Status],
      }),
      { ids: input.NetworkInterfaceIds },
    );
    return { NetworkInterfaces: page.map(({ id: _, ...it }) => it), ...token };
  },
} satisfies Ec2Actions;
