import type { Image, Instance } from '@aws-sdk/client-ec2';
import type { CloudImage, CloudInstance, MachineCloud } from '../../recovery/model/machines.ts';
import { gathered } from './calls/gathered.ts';
import type { RecoveryConnection } from './connection.ts';
import { filtersOfAny, hasTags, tagsOf } from './tags.ts';

type Tags = Record<string, string>;

/** Values of filters in one call. Source: EC2 user guide, "Filter your resources": 200 in all. */
const mostAsked = 100;
/** Ids in one call of DescribeInstanceStatus. Source: EC2 API reference, InstanceIds. */
const mostIds = 100;

const namesOf = (tags: Tags) => Object.keys(tags).sort().join();

/** What the machines of a plan are waited for with: all ask, and few calls answer. */
export function awsReads({
  ec2,
  onEc2,
}: RecoveryConnection): Pick<MachineCloud, 'images' | 'instances' | 'checks'> {
  return {
    images: gathered(namesOf, mostAsked, async (asked: Tags[], signal) => {
      const command = new ec2.DescribeImagesCommand({ Owners: ['self'], Filters: filtersOfAny(asked) });
      const answer = await onEc2(
        'DescribeImages',
        'the images of the failover',
        (client, options) => client.send(command, options),
        { signal },
      );
      const found = (answer?.Images ?? []).map(imageOf);
      return asked.map(tags => found.filter(one => hasTags(one.tags, tags)));
    }),

    instances: gathered(namesOf, mostAsked, async (asked: Tags[], signal) => {
      const found: CloudInstance[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeInstancesCommand({
          Filters: filtersOfAny(asked),
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
      return asked.map(tags => found.filter(one => hasTags(one.tags, tags)));
    }),

    checks: gathered(
      () => '',
      mostIds,
      async (asked: string[], signal) => {
        const command = new ec2.DescribeInstanceStatusCommand({ InstanceIds: [...new Set(asked)] });
        const answer = await onEc2(
          'DescribeInstanceStatus',
          asked.join(', '),
          (client, options) => client.send(command, options),
          { signal },
        );
        return asked.map(id => {
          const status = answer?.InstanceStatuses?.find(one => one.InstanceId === id);
          return {
            system: status?.SystemStatus?.Status ?? 'insufficient-data',
            instance: status?.InstanceStatus?.Status ?? 'insufficient-data',
          };
        });
      },
    ),
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
  ...(one.PublicIpAddress !== undefined && { publicIp: one.PublicIpAddress }),
  ...(one.Ipv6Address !== undefined && { ipv6: one.Ipv6Address }),
  type: one.InstanceType ?? '',
  zone: one.Placement?.AvailabilityZone ?? '',
  groups: (one.SecurityGroups ?? []).map(({ GroupId }) => GroupId ?? ''),
  ...(one.IamInstanceProfile?.Arn !== undefined && { profile: one.IamInstanceProfile.Arn }),
  platformDetails: one.PlatformDetails ?? '',
  usageOperation: one.UsageOperation ?? '',
  rootDevice: one.RootDeviceName ?? '',
  launched: one.LaunchTime?.getTime() ?? 0,
  devices: (one.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
    device: DeviceName ?? '',
    volume: Ebs?.VolumeId ?? '',
    state: Ebs?.Status ?? '',
    since: Ebs?.AttachTime?.getTime() ?? 0,
    endsWithIt: Ebs?.DeleteOnTermination ?? false,
  })),
  tags: tagsOf(one.Tags),
});
