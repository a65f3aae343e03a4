import type { MachineCloud } from '../../recovery/model/machines.ts';
import type { RecoveryConnection } from './connection.ts';
import { readNetwork } from './network.ts';
import { takePicture } from './picture.ts';
import { filtersOf, tagsOf, toTags } from './tags.ts';

/** Everything that EC2 makes for an instance carries its tags. */
const taggedTypes = ['instance', 'volume', 'network-interface'] as const;

export function awsMachines(connection: RecoveryConnection): MachineCloud {
  const { ec2, onEc2 } = connection;
  return {
    network: (subnet, group, signal) => readNetwork(connection, subnet, group, signal),
    picture: (instance, signal) => takePicture(connection, instance, signal),

    async images(tags, signal) {
      const command = new ec2.DescribeImagesCommand({ Owners: ['self'], Filters: filtersOf(tags) });
      const answer = await onEc2(
        'DescribeImages',
        'the images of the failover',
        (client, options) => client.send(command, options),
        { signal },
      );
      return (answer?.Images ?? []).map(image => ({
        id: image.ImageId ?? '',
        state: image.State === 'pending' || image.State === 'available' ? image.State : 'failed',
        platformDetails: image.PlatformDetails ?? '',
        usageOperation: image.UsageOperation ?? '',
        name: image.Name ?? '',
        tags: tagsOf(image.Tags),
      }));
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
        (client, options) => client.send(command, options),
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
      const found = [];
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
          for (const one of Instances)
            found.push({
              id: one.InstanceId ?? '',
              state: one.State?.Name ?? 'unknown',
              account: OwnerId ?? '',
              ...(one.ClientToken !== undefined && { token: one.ClientToken }),
              ...(one.PrivateIpAddress !== undefined && { privateIp: one.PrivateIpAddress }),
              tags: tagsOf(one.Tags),
            });
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return found;
    },

    async run({ image, type, subnet, groups, keyPair, token, tags }, signal) {
      const command = new ec2.RunInstancesCommand({
        ImageId: image,
        InstanceType: type as 'm6i.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        SecurityGroupIds: groups,
        ...(keyPair !== undefined && { KeyName: keyPair }),
        ClientToken: token,
        InstanceInitiatedShutdownBehavior: 'stop',
        MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
        TagSpecifications: taggedTypes.map(ResourceType => ({ ResourceType, Tags: toTags(tags) })),
      });
      const answer = await onEc2(
        'RunInstances',
        tags.Name ?? image,
        (client, options) => client.send(command, options),
        { signal },
      );
      return answer?.Instances?.[0]?.InstanceId ?? '';
    },

    async terminate(ids, signal) {
      if (ids.length === 0) return;
      const command = new ec2.TerminateInstancesCommand({ InstanceIds: ids });
      await onEc2('TerminateInstances', ids.join(', '), (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidInstanceID\.NotFound$/,
      });
    },

    async volumes(tags, signal) {
      const found: string[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeVolumesCommand({
          Filters: filtersOf(tags),
          MaxResults: 500,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEc2(
          'DescribeVolumes',
          'the volumes of the failover',
          (client, options) => client.send(command, options),
          { signal },
        );
        found.push(...(answer?.Volumes ?? []).map(({ VolumeId }) => VolumeId ?? ''));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return found;
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
