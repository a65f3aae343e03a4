/** Serves a lab with a bucket from the folder given, for a test that kills this process. */
import { randomBytes, randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startS3 } from '../../../src/lab/s3/server.ts';

const credentials = { accessKeyId: 'LABKEY', secretAccessKey: 'lab/secret' };
const region = 'eu-west-1';
const lab = await startS3({
  dir: process.argv[2] ?? '',
  credentials,
  region,
  clock: { now: Date.now, sleep: async () => {} },
  random: { bytes: randomBytes, uuid: randomUUID },
});
const s3 = new S3Client({ endpoint: lab.url, region, credentials, forcePathStyle: true });
await s3.send(
  new CreateBucketCommand({ Bucket: 'bkt', CreateBucketConfiguration: { LocationConstraint: region } }),
);
s3.destroy();
process.send?.(lab.url);
