import type { DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult } from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
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
      (it, filter) => {
        switch (filter) {
          case 'network-interface-id':
            return [it.id];
          case 'attachment.instance-id':
            return [it.instance.id];
          case 'group-id':
            return it.instance.groups;
          case 'subnet-id':
            return [it.SubnetId];
          case 'vpc-id':
            return [it.VpcId];
          case 'private-ip-address':
          case 'addresses.private-ip-address':
            return [it.PrivateIpAddress];
          case 'status':
            return ['in-use'];
          default:
            return undefined;
        }
      },
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
