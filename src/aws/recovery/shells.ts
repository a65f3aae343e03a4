import type { ShellCloud } from '../../recovery/model/shells.ts';
import type { RecoveryConnection } from './connection.ts';
import { newestLinux } from './newest-linux.ts';
import { imageOf } from './reads.ts';
import { toTags } from './tags.ts';

export function awsShells(connection: RecoveryConnection): ShellCloud {
  const { ec2, onEc2 } = connection;
  return {
    newestLinux: signal => newestLinux(connection, signal),

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
