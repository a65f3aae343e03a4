import type { AwsSettings } from '../../aws/settings.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { ContentBucket } from '../../masterless/content/bucket.ts';
import { parseS3Prefix, type S3Prefix } from '../../values/s3-url.ts';
import type { Session } from '../session/open-session.ts';

/** Bucket and prefix of `s3://BUCKET/PREFIX`. Throws a Failure (given) for another URL. */
export function contentUrl(url: string): S3Prefix {
  const place = parseS3Prefix(url);
  if (place) return place;
  throw new Failure(
    given('content-url', `${url} is not the URL of a bucket`, {
      hint: 'write s3://BUCKET/ or s3://BUCKET/PREFIX',
    }),
  );
}

/** The bucket that configures instances, by URL; nothing is sent yet. */
export async function bucketOf(
  url: string,
  settings: AwsSettings,
): Promise<{ bucket: ContentBucket; close(): void }> {
  const place = contentUrl(url);
  const [{ connectS3 }, { contentBucket }] = await Promise.all([
    import('../../aws/s3-client.ts'),
    import('../../aws/content-bucket.ts'),
  ]);
  const connection = await connectS3(settings);
  return { bucket: contentBucket(connection, place), close: connection.close };
}

/**
 * The same for as long as `use` runs, for whoever operates it. Credentials and region are those of AWS's
 * default chain.
 */
export async function withContentBucket<T>(
  { reach: { aws } }: Pick<Session, 'reach'>,
  url: string,
  use: (bucket: ContentBucket) => Promise<T>,
): Promise<T> {
  contentUrl(url);
  const calls = { made() {}, retried() {}, throttled() {} };
  const { bucket, close } = await bucketOf(url, await aws.s3(undefined, calls));
  try {
    return await use(bucket);
  } finally {
    close();
  }
}
