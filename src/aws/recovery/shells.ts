import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ShellCloud } from '../../recovery/model/shells.ts';
import type { RecoveryConnection } from './connection.ts';
import { imageOf } from './reads.ts';
import { toTags } from './tags.ts';

export function awsShells({ ec2, onEc2 }: RecoveryConnection): ShellCloud {
  return {
    async stock(patterns, signal) {
      const command = new ec2.DescribeImagesCommand({
        Owners: ['amazon'],
        Filters: [
          { Name: 'name', Values: [...patterns] },
          { Name: 'platform', Values: ['windows'] },
          { Name: 'architecture', Values: ['x86_64'] },
          { Name: 'state', Values: ['available'] },
        ],
      });
      const answer = await onEc2(
        'DescribeImages',
        patterns.join(', '),
        (client, options) => client.send(command, options),
        { signal },
      );
      return (answer?.Images ?? []).map(imageOf);
    },

    async newest(pattern, signal) {
      const command = new ec2.DescribeImagesCommand({
        Owners: ['amazon'],
        Filters: [
          { Name: 'name', Values: [pattern] },
          { Name: 'architecture', Values: ['x86_64'] },
          { Name: 'state', Values: ['available'] },
        ],
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      const answer = await onEc2('DescribeImages', pattern, send, { signal });
      return (answer?.Images ?? []).map(imageOf).sort((a, b) => b.created - a.created)[0];
    },

    async image(id, signal) {
      const command = new ec2.DescribeImagesCommand({ ImageIds: [id] });
      const answer = await onEc2('DescribeImages', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidAMIID\./,
      });
      const [image] = answer?.Images ?? [];
      return image && imageOf(image);
    },

    async remove(image, signal) {
      const command = new ec2.DeregisterImageCommand({ ImageId: image, DeleteAssociatedSnapshots: true });
      await onEc2('DeregisterImage', image, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidAMIID\.(NotFound|Unavailable)$/,
      });
    },

    async tag(id, tags, signal) {
      const command = new ec2.CreateTagsCommand({ Resources: [id], Tags: toTags(tags) });
      await onEc2('CreateTags', id, (client, options) => client.send(command, options), { signal });
    },
  };
}
