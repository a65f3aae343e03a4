import type { EC2Client, Filter } from '@aws-sdk/client-ec2';
import type { CloudVolume, RootTask, VolumeCloud } from '../../recovery/model/volumes.ts';
import { ofSnapshots } from './calls/gone.ts';
import type { RecoveryConnection } from './connection.ts';
import { filtersOf, tagsOf, toTags } from './tags.ts';

export function awsVolumes({ ec2, onEc2 }: RecoveryConnection): VolumeCloud {
  async function listed(Filters: Filter[], about: string, signal?: AbortSignal): Promise<CloudVolume[]> {
    const found: CloudVolume[] = [];
    let NextToken: string | undefined;
    do {
      const command = new ec2.DescribeVolumesCommand({
        Filters,
        MaxResults: 500,
        ...(NextToken !== undefined && { NextToken }),
      });
      const answer = await onEc2(
        'DescribeVolumes',
        about,
        (client, options) => client.send(command, options),
        { signal },
      );
      for (const { VolumeId, State, AvailabilityZone, Size, Encrypted, Tags } of answer?.Volumes ?? [])
        found.push({
          id: VolumeId ?? '',
          state: State ?? '',
          zone: AvailabilityZone ?? '',
          gib: Size ?? 0,
          encrypted: Encrypted ?? false,
          tags: tagsOf(Tags),
        });
      NextToken = answer?.NextToken || undefined;
    } while (NextToken !== undefined);
    return found;
  }

  return {
    list: (tags, signal) => listed(filtersOf(tags), 'the volumes of the failover', signal),

    attached: (instance, signal) =>
      listed([{ Name: 'attachment.instance-id', Values: [instance] }], instance, signal),

    async create({ snapshot, zone, encrypted, token, tags }, signal) {
      const command = new ec2.CreateVolumeCommand({
        SnapshotId: snapshot,
        AvailabilityZone: zone,
        VolumeType: 'gp3',
        ...(encrypted && { Encrypted: true }),
        ClientToken: token,
        TagSpecifications: [{ ResourceType: 'volume', Tags: toTags(tags) }],
      });
      const answer = await onEc2(
        'CreateVolume',
        snapshot,
        (client, options) => ofSnapshots(tags.Name ?? snapshot, () => client.send(command, options)),
        { signal },
      );
      return answer?.VolumeId ?? '';
    },

    async attach(volume, instance, device, signal) {
      const command = new ec2.AttachVolumeCommand({
        VolumeId: volume,
        InstanceId: instance,
        Device: device,
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('AttachVolume', `${volume} as ${device} of ${instance}`, send, { signal });
    },

    async detach(volume, instance, signal) {
      const command = new ec2.DetachVolumeCommand({ VolumeId: volume, InstanceId: instance });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('DetachVolume', `${volume} of ${instance}`, send, { signal });
    },

    async remove(volume, signal) {
      const command = new ec2.DeleteVolumeCommand({ VolumeId: volume });
      await onEc2('DeleteVolume', volume, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidVolume\.NotFound$/,
      });
    },

    async endWith(instance, devices, ends, signal) {
      const command = new ec2.ModifyInstanceAttributeCommand({
        InstanceId: instance,
        BlockDeviceMappings: devices.map(DeviceName => ({ DeviceName, Ebs: { DeleteOnTermination: ends } })),
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('ModifyInstanceAttribute', instance, send, { signal });
    },

    async replaceRoot({ instance, volume, token, tags }, signal) {
      const command = new ec2.CreateReplaceRootVolumeTaskCommand({
        InstanceId: instance,
        VolumeId: volume,
        DeleteReplacedRootVolume: true,
        ClientToken: token,
        TagSpecifications: [{ ResourceType: 'replace-root-volume-task', Tags: toTags(tags) }],
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('CreateReplaceRootVolumeTask', instance, send, { signal });
    },

    async rootTask(instance, signal) {
      const command = new ec2.DescribeReplaceRootVolumeTasksCommand({
        Filters: [{ Name: 'instance-id', Values: [instance] }],
      });
      const answer = await onEc2(
        'DescribeReplaceRootVolumeTasks',
        instance,
        (client, options) => client.send(command, options),
        { signal },
      );
      const newest = (answer?.ReplaceRootVolumeTasks ?? []).sort((a, b) =>
        (a.StartTime ?? '').localeCompare(b.StartTime ?? ''),
      );
      return newest.at(-1)?.TaskState as RootTask | undefined;
    },
  };
}
