import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { ContentBucket } from '../masterless/bucket.ts';
import { awsOf } from './aws.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';

/** Throws a Failure when the URL is none of a bucket. */
export function bucketPlace(url: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/i.exec(url);
  if (match) return { bucket: match[1]!, prefix: match[2] ?? '' };
  throw new Failure(
    given('content-url', `${url} is no URL of a bucket`, {
      hint: 'write s3://BUCKET/ or s3://BUCKET/PREFIX',
    }),
  );
}

/**
 * The bucket that configures instances, by URL, for as long as `use` runs. Credentials and region are
 * those of AWS's default chain: on an instance its role.
 */
export async function withContentBucket<T>(
  context: Context,
  { world: { secret }, lab }: Pick<Session, 'world' | 'lab'>,
  url: string,
  use: (bucket: ContentBucket) => Promise<T>,
): Promise<T> {
  const place = bucketPlace(url);
  const calls = { made() {}, retried() {}, throttled() {} };
  const machine = context.io.host;
  const connection = await awsOf(undefined, { machine, secret, ...(lab && { lab }) }, calls);
  try {
    const { contentBucket } = await import('../aws/content-bucket.ts');
    return await use(contentBucket(connection, place));
  } finally {
    connection.close();
  }
}
