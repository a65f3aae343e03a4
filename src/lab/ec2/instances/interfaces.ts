import type { DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult } from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byIds } from '../world/errors.ts';
import { instanceOf } from './instance-output.ts';

export const interfaceActions = {
  DescribeNetworkInterfaces(
    input: DescribeNetworkInterfacesRequest,
    call: Ec2Call,
  ): DescribeNetworkInterfacesResult {
    const { state } = call;
    const all = Object.values(state.instances)
      .filter(it => it.state !== 'terminated')
      .map(it => ({ id: it.interface.id, instance: it, ...instanceOf(call, it).NetworkInterfaces![0]! }));
    const chosen = byIds('interface', all, input.NetworkInterfaceIds);
    const { page, ...token } = select(
      state,
      chosen,
      input,
      filtersBy({
        'network-interface-id': it => [it.id],
        'attachment.instance-id': it => [it.instance.id],
        'group-id': it => it.instance.groups,
        'subnet-id': it => [it.SubnetId],
        'vpc-id': it => [it.VpcId],
        'private-ip-address': it => [it.PrivateIpAddress],
        'addresses.private-ip-address': it => [it.PrivateIpAddress],
        status: () => ['in-use'],
      }),
      { ids: input.NetworkInterfaceIds },
    );
    return {
      NetworkInterfaces: page.map(({ id: _, instance, Attachment, PrivateIpAddresses, ...it }) => ({
        ...it,
        InterfaceType: 'interface',
        AvailabilityZone: state.subnets[instance.subnet]!.zone,
        RequesterManaged: false,
        Attachment: { ...Attachment, InstanceId: instance.id, InstanceOwnerId: call.account },
        PrivateIpAddresses: PrivateIpAddresses!,
        TagSet: tagSet(state, instance.interface.id),
      })),
      ...token,
    };
  },
} satisfies Ec2Actions;
