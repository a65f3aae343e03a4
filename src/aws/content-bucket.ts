import { Failure, world } from '../diagnostics/diagnostic.ts';
import { bytes as shown } from '../io/units.ts';
import type { ContentBucket } from '../masterless/content/bucket.ts';
import { s3Prefix } from '../values/s3-url.ts';
import { codeOf, statusOf } from './errors.ts';
import type { S3Connection } from './s3-client.ts';

/** Bytes that are taken into memory, before anybody has vouched for them. */
const largest = 64 * 2 ** 20;

const tooLarge = (key: string, size: number): Failure =>
  new Failure(
    world('content-too-large', `${key} has ${shown(size)}, more than the ${shown(largest)} that are taken`, {
      hint: 'let the manifest `download` what is large',
    }),
  );

/**
 * An object that isn't there, to whoever may read it and not list the bucket: the message names the listing.
 */
const isHidden = (error: unknown): boolean =>
  statusOf(error) === 403 && / not authorized to perform: s3:ListBucket /.test(String(error));

/**
 * The bucket that configures instances, under `s3://bucket/prefix`.
 * @param prefix with or without slashes around it; empty for the whole bucket
 */
export function contentBucket(
  connection: S3Connection,
  place: { bucket: string; prefix: string },
): ContentBucket {
  const { sdk, client } = connection;
  const { bucket: Bucket, prefix, url } = s3Prefix(place.bucket, place.prefix);
  const root = prefix === '' ? '' : `${prefix}/`;
  const about = (action: string, key: string) => ({ action, bucket: Bucket, key: root + key });

  const get: ContentBucket['get'] = async (key, known) => {
    let unchanged = false;
    try {
      const found = await connection.call(
        about('s3:GetObject', key),
        async options => {
          const answer = await client.send(
            new sdk.GetObjectCommand({
              Bucket,
              Key: root + key,
              ...(known !== undefined && { IfNoneMatch: known }),
            }),
            options,
          );
          const size = answer.ContentLength ?? 0;
          if (size > largest) throw tooLarge(root + key, size);
          const body = await answer.Body?.transformToByteArray();
          return { bytes: Buffer.from(body ?? []), etag: answer.ETag ?? '' };
        },
        {
          expected: error => {
            unchanged = statusOf(error) === 304;
            return unchanged || codeOf(error) === 'NoSuchKey' || isHidden(error);
          },
        },
      );
      return found ?? (unchanged ? 'unchanged' : undefined);
    } catch (error) {
      throw maybeMissing(error);
    }
  };

  const put: ContentBucket['put'] = async (key, bytes) => {
    await connection.call(about('s3:PutObject', key), options =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key: root + key, Body: bytes }), options),
    );
  };

  return { url, get, put };
}

/**
 * Without s3:ListBucket, S3 says 403 for an object that isn't there (API reference, GetObject,
 * "Permissions"), and an instance has no business listing.
 */
function maybeMissing(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  return new Failure(
    error.diagnostics.map(one =>
      one.code === 'aws-wrong-region'
        ? { ...one, hint: `${one.hint} Without a target, AWS_REGION in the environment says it.` }
        : one.code === 'aws-access-denied'
          ? {
              ...one,
              hint: `${one.hint} The object may also be missing: S3 says the same to whoever may not list.`,
            }
          : one,
    ),
    { cause: error },
  );
}
