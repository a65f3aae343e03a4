import { PutObjectCommand } from '@aws-sdk/client-s3';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';

/** Puts objects into a bucket of the lab in `dir`; both are made when they are not there. */
export async function upload(
  dir: string,
  bucket: string,
  objects: Record<string, string | Buffer>,
): Promise<void> {
  const { clock, random } = nodeHost();
  const lab = await openLab(dir, { host: nodeHost(), seeded: false, lockTimeout: 600_000 });
  const { region, s3 } = lab.settings;
  const { client, sdk, close } = await connectS3({
    region,
    endpoint: lab.s3.url,
    credentials: s3,
    clock,
    random,
  });
  const LocationConstraint = region as 'eu-west-1';
  await client.send(
    new sdk.CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint } }),
  );
  for (const [Key, Body] of Object.entries(objects))
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  close();
  await lab.close();
}
