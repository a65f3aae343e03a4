import type { EC2Client, Image, Instance } from '@aws-sdk/client-ec2';
import type { CloudImage, CloudInstance, MachineCloud, NotRun } from '../../recovery/model/machines.ts';
import type { RecoveryConnection } from './connection.ts';
import { ofSnapshots } from './gone.ts';
import { findHolder } from './interfaces.ts';
import { readNetwork } from './network.ts';
import { takePicture } from './picture.ts';
import { filtersOf, tagsOf, toTags } from './tags.ts';

/** Everything that EC2 makes for an instance carries its tags. */
const taggedTypes = ['instance', 'volume', 'network-interface'] as const;

/**
 * Another type, subnet or address may do. Source: EC2 API reference, "Error codes"; `Unsupported` is a type
 * that a zone hasn't got, and quotas of vCPUs are those of a class of types.
 */
const refusals: readonly [code: RegExp, NotRun['refused']][] = [
  [
    /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacityOnHost|Unsupported|VcpuLimitExceeded|InstanceLimitExceeded)$/,
    'no-room',
  ],
  [/^InsufficientFreeAddressesInSubnet$/, 'subnet-full'],
  [/^InvalidIPAddress\.InUse$/, 'address-taken'],
];

export function awsMachines(connection: RecoveryConnection): MachineCloud {
  const { ec2, onEc2 } = connection;
  return {
    network: (subnets, group, signal) => readNetwork(connection, subnets, group, signal),
    addressHolder: (subnet, address, signal) => findHolder(connection, subnet, address, signal),
    picture: (instance, signal) => takePicture(connection, instance, signal),

    async images(tags, signal) {
      const command = new ec2.DescribeImagesCommand({ Owners: ['self'], Filters: filtersOf(tags) });
      const answer = await onEc2(
        'DescribeImages',
        'the images of the failover',
        (client, options) => client.send(command, options),
        { signal },
      );
      return (answer?.Images ?? []).map(imageOf);
    },

    async registerImage({ name, bootMode, tpm, disks, tags }, signal) {
      const command = new ec2.RegisterImageCommand({
        Name: name,
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        EnaSupport: true,
        BootMode: bootMode,
        ...(tpm && { TpmSupport: 'v2.0' as const }),
        RootDeviceName: disks[0]!.device,
        BlockDeviceMappings: disks.map(({ device, snapshot }) => ({
          DeviceName: device,
          Ebs: { SnapshotId: snapshot, VolumeType: 'gp3' as const, DeleteOnTermination: true },
        })),
        TagSpecifications: [{ ResourceType: 'image', Tags: toTags(tags) }],
      });
      const answer = await onEc2(
        'RegisterImage',
        name,
        (client, options) => ofSnapshots(name, () => client.send(command, options)),
        // It does not know a token: a second attempt after a lost answer finds the name taken, by ourselves.
        { signal, expected: /^InvalidAMIName\.Duplicate$/ },
      );
      return answer?.ImageId;
    },

    async removeImage(id, signal) {
      const command = new ec2.DeregisterImageCommand({ ImageId: id });
      await onEc2('DeregisterImage', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidAMIID\.(NotFound|Unavailable)$/,
      });
    },

    async instances(tags, signal) {
      const found: CloudInstance[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeInstancesCommand({
          Filters: filtersOf(tags),
          MaxResults: 1000,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEc2(
          'DescribeInstances',
          'the instances of the failover',
          (client, options) => client.send(command, options),
          { signal },
        );
        for (const { OwnerId, Instances = [] } of answer?.Reservations ?? [])
          for (const one of Instances) found.push(instanceOf(one, OwnerId ?? ''));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return found;
    },

    async run(wanted, signal) {
      const { image, type, subnet, groups, keyPair, address, tenancy, hostResourceGroup, token, tags } =
        wanted;
      const { readsTags } = wanted;
      const command = new ec2.RunInstancesCommand({
        ImageId: image,
        InstanceType: type as 'm6i.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        SecurityGroupIds: groups,
        ...(keyPair !== undefined && { KeyName: keyPair }),
        ...(address !== undefined && { PrivateIpAddress: address }),
        ...(tenancy !== undefined && {
          Placement: {
            Tenancy: tenancy,
            ...(hostResourceGroup !== undefined && { HostResourceGroupArn: hostResourceGroup }),
          },
        }),
        ClientToken: token,
        InstanceInitiatedShutdownBehavior: 'stop',
        MetadataOptions: {
          HttpTokens: 'required',
          HttpEndpoint: 'enabled',
          ...(readsTags && { InstanceMetadataTags: 'enabled' as const }),
        },
        TagSpecifications: taggedTypes.map(ResourceType => ({ ResourceType, Tags: toTags(tags) })),
      });
      let notRun: NotRun | undefined;
      const answer = await onEc2(
        'RunInstances',
        tags.Name ?? image,
        async (client, options) => {
          try {
            return await client.send(command, options);
          } catch (error) {
            const { name, message } = error as Error;
            const refused = refusals.find(([code]) => code.test(name))?.[1];
            if (refused === undefined) throw error;
            notRun = { refused, why: `${name}: ${message}` };
            return undefined;
          }
        },
        { signal },
      );
      return notRun ?? { instance: answer?.Instances?.[0]?.InstanceId ?? '' };
    },

    async tag(instance, tags, signal) {
      const command = new ec2.CreateTagsCommand({ Resources: [instance], Tags: toTags(tags) });
      await onEc2('CreateTags', instance, (client, options) => client.send(command, options), { signal });
    },

    async terminate(ids, signal) {
      if (ids.length === 0) return;
      const command = new ec2.TerminateInstancesCommand({ InstanceIds: ids });
      await onEc2('TerminateInstances', ids.join(', '), (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidInstanceID\.NotFound$/,
      });
    },

    async stop(instance, signal) {
      const command = new ec2.StopInstancesCommand({ InstanceIds: [instance] });
      await onEc2('StopInstances', instance, (client, options) => client.send(command, options), { signal });
    },

    async start(instance, signal) {
      const command = new ec2.StartInstancesCommand({ InstanceIds: [instance] });
      await onEc2('StartInstances', instance, (client, options) => client.send(command, options), { signal });
    },

    async setGroups(instance, groups, signal) {
      const command = new ec2.ModifyInstanceAttributeCommand({ InstanceId: instance, Groups: [...groups] });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('ModifyInstanceAttribute', instance, send, { signal });
    },

    async setProfile(instance, profile, signal) {
      const command = new ec2.AssociateIamInstanceProfileCommand({
        InstanceId: instance,
        IamInstanceProfile: { Name: profile },
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('AssociateIamInstanceProfile', `${profile} with ${instance}`, send, { signal });
    },

    async checks(instance, signal) {
      const command = new ec2.DescribeInstanceStatusCommand({ InstanceIds: [instance] });
      const answer = await onEc2(
        'DescribeInstanceStatus',
        instance,
        (client, options) => client.send(command, options),
        { signal },
      );
      const status = answer?.InstanceStatuses?.[0];
      return {
        system: status?.SystemStatus?.Status ?? 'insufficient-data',
        instance: status?.InstanceStatus?.Status ?? 'insufficient-data',
      };
    },

    async console(instance, signal) {
      const command = new ec2.GetConsoleOutputCommand({ InstanceId: instance, Latest: true });
      const answer = await onEc2(
        'GetConsoleOutput',
        instance,
        (client, options) => client.send(command, options),
        { signal },
      );
      return Buffer.from(answer?.Output ?? '', 'base64').toString('utf8');
    },
  };
}

export const imageOf = (image: Image): CloudImage => ({
  id: image.ImageId ?? '',
  state: image.State === 'pending' || image.State === 'available' ? image.State : 'failed',
  platformDetails: image.PlatformDetails ?? '',
  usageOperation: image.UsageOperation ?? '',
  bootMode: image.BootMode ?? 'legacy-bios',
  created: Date.parse(image.CreationDate ?? '') || 0,
  name: image.Name ?? '',
  tags: tagsOf(image.Tags),
});

const instanceOf = (one: Instance, account: string): CloudInstance => ({
  id: one.InstanceId ?? '',
  state: one.State?.Name ?? 'unknown',
  account,
  ...(one.ClientToken !== undefined && { token: one.ClientToken }),
  ...(one.PrivateIpAddress !== undefined && { privateIp: one.PrivateIpAddress }),
  type: one.InstanceType ?? '',
  zone: one.Placement?.AvailabilityZone ?? '',
  groups: (one.SecurityGroups ?? []).map(({ GroupId }) => GroupId ?? ''),
  ...(one.IamInstanceProfile?.Arn !== undefined && { profile: one.IamInstanceProfile.Arn }),
  platformDetails: one.PlatformDetails ?? '',
  usageOperation: one.UsageOperation ?? '',
  rootDevice: one.RootDeviceName ?? '',
  devices: (one.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
    device: DeviceName ?? '',
    volume: Ebs?.VolumeId ?? '',
    state: Ebs?.Status ?? '',
    endsWithIt: Ebs?.DeleteOnTermination ?? false,
  })),
  tags: tagsOf(one.Tags),
});
