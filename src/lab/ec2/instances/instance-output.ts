import type { Instance } from '@aws-sdk/client-ec2';
import type { FleetMember } from '../../instance/member.ts';
import { tagSet } from '../world/describe.ts';
import type { LabInstance } from '../world/state.ts';
import type { Draft } from '../world/world.ts';
import { typeOf } from './instance-types.ts';

const codes: Record<FleetMember['state'], number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export const stateOf = (state: FleetMember['state']) => ({ Code: codes[state], Name: state });

/** An instance as EC2 tells of it. */
export function instanceOf(draft: Pick<Draft, 'state' | 'account' | 'region'>, it: LabInstance): Instance {
  const { state, account, region } = draft;
  const subnet = state.subnets[it.subnet]!;
  const type = typeOf(it.type);
  const isGone = it.state === 'terminated';
  const groups = it.groups.map(GroupId => ({ GroupId, GroupName: state.groups[GroupId]?.name ?? '' }));
  const host = `ip-${it.privateIp.replaceAll('.', '-')}.${region}.compute.internal`;
  return {
    InstanceId: it.id,
    ImageId: it.image,
    State: stateOf(it.state),
    InstanceType: it.type as NonNullable<Instance['InstanceType']>,
    ...(it.token !== undefined && { ClientToken: it.token }),
    ...(it.key !== undefined && { KeyName: it.key }),
    AmiLaunchIndex: 0,
    LaunchTime: new Date(it.started ?? it.launched),
    Placement: {
      AvailabilityZone: subnet.zone,
      GroupName: '',
      Tenancy: it.tenancy,
      ...(it.hostResourceGroup !== undefined && { HostResourceGroupArn: it.hostResourceGroup }),
    },
    Monitoring: { State: 'disabled' },
    Architecture: it.architecture,
    // EC2 sends `windows` though its model lists `Windows`.
    ...(it.platform && { Platform: it.platform as 'Windows' }),
    PlatformDetails: it.platformDetails,
    UsageOperation: it.usageOperation,
    UsageOperationUpdateTime: new Date(it.launched),
    RootDeviceType: 'ebs',
    RootDeviceName: it.rootDevice,
    BlockDeviceMappings: it.devices.map(each => ({
      DeviceName: each.device,
      Ebs: {
        VolumeId: each.volume,
        Status: each.state,
        AttachTime: new Date(each.at),
        DeleteOnTermination: each.deleteOnTermination,
      },
    })),
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: type.hypervisor === 'nitro',
    EbsOptimized: false,
    ...(it.bootMode && { BootMode: it.bootMode }),
    CurrentInstanceBootMode:
      it.bootMode === undefined || it.bootMode === 'legacy-bios' ? 'legacy-bios' : 'uefi',
    ...(it.tpm && { TpmSupport: 'v2.0' }),
    CpuOptions: { CoreCount: Math.max(1, type.cpus / 2), ThreadsPerCore: 2 },
    MetadataOptions: {
      State: 'applied',
      HttpTokens: it.metadata.tokens,
      HttpPutResponseHopLimit: it.metadata.hops,
      HttpEndpoint: 'enabled',
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: it.metadata.tags,
    },
    ...(it.profile !== undefined && { IamInstanceProfile: { Arn: it.profile, Id: 'AIPALAB00000000000000' } }),
    ...(it.stateReason && {
      StateReason: { Code: it.stateReason.code, Message: it.stateReason.message },
      StateTransitionReason: 'User initiated',
    }),
    SecurityGroups: isGone ? [] : groups,
    SourceDestCheck: true,
    ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
    ...(!isGone && {
      SubnetId: it.subnet,
      VpcId: subnet.vpc,
      PrivateIpAddress: it.privateIp,
      PrivateDnsName: host,
      NetworkInterfaces: [
        {
          NetworkInterfaceId: it.interface.id,
          MacAddress: it.interface.mac,
          PrivateIpAddress: it.privateIp,
          PrivateDnsName: host,
          SubnetId: it.subnet,
          VpcId: subnet.vpc,
          OwnerId: account,
          Status: 'in-use',
          SourceDestCheck: true,
          InterfaceType: 'interface',
          Groups: groups,
          Attachment: {
            AttachmentId: it.interface.attachment,
            DeviceIndex: 0,
            Status: 'attached',
            AttachTime: new Date(it.launched),
            DeleteOnTermination: true,
          },
          PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: it.privateIp, PrivateDnsName: host }],
        },
      ],
    }),
  };
}

/** An instance that was added for a fleet's tests: EC2 knows no more of it. */
export const memberOf = (it: FleetMember): Instance => ({
  InstanceId: it.instanceId,
  State: stateOf(it.state),
  InstanceType: it.instanceType as NonNullable<Instance['InstanceType']>,
  LaunchTime: new Date(it.launched),
  ...(it.state !== 'terminated' && { PrivateIpAddress: it.privateIp }),
  Tags: Object.entries(it.tags).map(([Key, Value]) => ({ Key, Value })),
});
