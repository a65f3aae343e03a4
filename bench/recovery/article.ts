/**
 * The article's way of 2014: a raw image that is kept up to date in EC2, uploaded and converted at the
 * disaster.
 */
import { open } from 'node:fs/promises';
import {
  DescribeImportImageTasksCommand,
  DescribeInstanceStatusCommand,
  type EC2Client,
  ImportImageCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../src/io/ports.ts';
import { until } from '../../src/io/until.ts';

/** Bytes: "4096 parts" of "42949672960 bytes". */
const part = 10 * 2 ** 20;
const hours = 3_600_000;

export interface ArticleOptions {
  ec2: EC2Client;
  s3: S3Client;
  clock: Clock;
  /** Path of the raw image, as its `dd` has kept it. */
  image: string;
  bucket: string;
  group: { subnet: string; group: string };
}

/** ImportImage stands for ImportInstance, which the AWS CLI no longer has. Minutes of the clock. */
export async function articlesWay({ ec2, s3, clock, image, bucket, group }: ArticleOptions) {
  let before = clock.now();
  const phases: { what: string; minutes: number }[] = [];
  const done = (what: string) => {
    phases.push({ what, minutes: (clock.now() - before) / 60_000 });
    before = clock.now();
  };
  await upload(s3, image, { Bucket: bucket, Key: 'image.raw' });
  done('uploaded');
  const { ImportTaskId } = await ec2.send(
    new ImportImageCommand({
      Platform: 'Windows',
      LicenseType: 'AWS',
      DiskContainers: [{ Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: 'image.raw' } }],
    }),
  );
  const look = { every: 15_000, atMost: 3 * hours };
  const ImageId = await until(
    clock,
    async () => {
      const [task] = (await ec2.send(new DescribeImportImageTasksCommand({ ImportTaskIds: [ImportTaskId!] })))
        .ImportImageTasks!;
      if (task!.Status === 'active') return undefined;
      if (task!.Status !== 'completed') throw new Error(`the import: ${task!.StatusMessage}`);
      return task!.ImageId;
    },
    { ...look, what: 'the import' },
  );
  done('imported');
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: ImageId!,
      InstanceType: 'm6i.large',
      SubnetId: group.subnet,
      SecurityGroupIds: [group.group],
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  const id = Instances![0]!.InstanceId!;
  await until(
    clock,
    async () => {
      const [status] = (await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] })))
        .InstanceStatuses!;
      return status?.InstanceStatus?.Status === 'ok' ? true : undefined;
    },
    { ...look, what: 'the instance' },
  );
  done('probed');
  return phases;
}

async function upload(s3: S3Client, image: string, place: { Bucket: string; Key: string }): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  const file = await open(image);
  const { size } = await file.stat();
  const Parts = [];
  for (let at = 0; at < size; at += part) {
    const Body = Buffer.alloc(Math.min(part, size - at));
    await file.read(Body, 0, Body.length, at);
    const PartNumber = at / part + 1;
    const { ETag } = await s3.send(
      new UploadPartCommand({ ...place, UploadId: UploadId!, PartNumber, Body }),
    );
    Parts.push({ ETag: ETag!, PartNumber });
  }
  await file.close();
  await s3.send(
    new CompleteMultipartUploadCommand({ ...place, UploadId: UploadId!, MultipartUpload: { Parts } }),
  );
}
