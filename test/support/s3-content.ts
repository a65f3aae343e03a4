import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { openS3 } from '../../src/aws/s3-open.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import type { Content } from '../../src/content/content.ts';
import { connected } from '../aws/fixture.ts';

/** Content of a bucket in a lab of its own, and the bucket by other hands. */
export async function s3Content(bucket = 'data') {
  const { lab, connection, calls } = await connected({}, { bucket });
  const s3 = lab.sdk();
  const content: Content = {
    open: (location, how) => {
      if (location.kind === 'web') throw new Error(`${location.url} is not in the bucket`);
      return openS3(connection, location.place)(how);
    },
    store: async ({ place }) => s3Store(connection, place),
  };
  return {
    content,
    /** One per request of ours. */
    calls,
    lab,
    put: async (Key: string, Body: string | Buffer) => {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength: Buffer.byteLength(Body) }),
      );
    },
    get: async (Key: string) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return Body!.transformToString();
    },
    keys: async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key }) => Key!).sort();
    },
    s3,
  };
}
