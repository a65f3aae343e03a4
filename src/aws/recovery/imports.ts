import type { ImportImageTask } from '@aws-sdk/client-ec2';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ImportCloud, ImportTask } from '../../recovery/model/imports.ts';
import { allPages, type RecoveryConnection } from './connection.ts';
import { hasTags, tagsOf, toTags } from './tags.ts';

/** Source: VM Import/Export user guide, "Required service role". */
const usualRole = 'vmimport';

export function awsImports(connection: RecoveryConnection): ImportCloud {
  const { ec2, onEc2 } = connection;
  return {
    async start({ disks, platform, bootMode, license, role, description, token, tags }, signal) {
      const command = new ec2.ImportImageCommand({
        Description: description.slice(0, 255),
        DiskContainers: disks.map(disk =>
          'snapshot' in disk
            ? { SnapshotId: disk.snapshot }
            : { Format: 'RAW', UserBucket: { S3Bucket: disk.bucket, S3Key: disk.key } },
        ),
        Platform: platform,
        Architecture: 'x86_64',
        BootMode: bootMode,
        ...(license && { LicenseType: license }),
        ...(role !== undefined && { RoleName: role }),
        ClientToken: token,
        TagSpecifications: [{ ResourceType: 'import-image-task', Tags: toTags(tags) }],
      });
      try {
        const answer = await onEc2(
          'ImportImage',
          description,
          (client, options) => client.send(command, options),
          { signal },
        );
        return answer?.ImportTaskId ?? '';
      } catch (error) {
        const { message = '' } = ((error as Error).cause ?? {}) as { message?: string };
        if (!(error instanceof Failure) || !/service role/i.test(message)) throw error;
        throw new Failure(
          world('import-role', own`VM Import can't act as the role ${role ?? usualRole}: ${message}`, {
            hint: 'apply the module vm_import_role, for the bucket of the images, then run again',
          }),
          { cause: error },
        );
      }
    },

    async task(id, signal) {
      const command = new ec2.DescribeImportImageTasksCommand({ ImportTaskIds: [id] });
      const answer = await onEc2(
        'DescribeImportImageTasks',
        id,
        (client, options) => client.send(command, options),
        { signal, expected: /^InvalidConversionTaskId/ },
      );
      const [task] = answer?.ImportImageTasks ?? [];
      return task && taskOf(task);
    },

    async tasks(tags, signal) {
      // Its filters know the state of a task, and none of its tags.
      const all = await allPages(connection, signal)(
        'DescribeImportImageTasks',
        'the imports of the account',
        (at, options) => ec2.paginateDescribeImportImageTasks({ ...at, ...options }, {}),
        ({ ImportImageTasks }) => ImportImageTasks,
      );
      return all.map(taskOf).filter(task => hasTags(task.tags, tags));
    },

    async cancel(id, signal) {
      const command = new ec2.CancelImportTaskCommand({
        ImportTaskId: id,
        CancelReason: 'its failover was removed',
      });
      await onEc2('CancelImportTask', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^(InvalidConversionTaskId|IncorrectState|IncorrectInstanceState)/,
      });
    },
  };
}

const taskOf = (task: ImportImageTask): ImportTask => ({
  id: task.ImportTaskId ?? '',
  state: task.Status ?? '',
  message: task.StatusMessage ?? '',
  ...(/^\d+$/.test(task.Progress ?? '') && { progress: Number(task.Progress) }),
  ...(task.ImageId !== undefined && { image: task.ImageId }),
  tags: tagsOf(task.Tags),
});
