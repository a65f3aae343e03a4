import type { Content, Opened } from '../content/content.ts';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { S3Url } from '../values/s3-url.ts';
import { codeOf, statusOf, toFailure } from './errors.ts';
import type { S3Connection } from './s3-client.ts';

/** One object as a stream, with its ETag as the condition. */
export function openS3(
  connection: S3Connection,
  { bucket: Bucket, key: Key }: S3Url,
): (options: Parameters<Content['open']>[1]) => Promise<Opened | 'unchanged'> {
  const { sdk, client, settings } = connection;
  const about = { action: 's3:GetObject', bucket: Bucket, key: Key };
  return async ({ known = {}, signal }) => {
    let unchanged = false;
    const answer = await connection.call(
      about,
      options =>
        client.send(
          new sdk.GetObjectCommand({
            Bucket,
            Key,
            ...(known.etag !== undefined && { IfNoneMatch: known.etag }),
          }),
          options,
        ),
      {
        signal,
        expected: error => {
          unchanged = statusOf(error) === 304;
          return unchanged || codeOf(error) === 'NoSuchKey';
        },
      },
    );
    if (unchanged) return 'unchanged';
    if (!answer) {
      throw new Failure(
        world('object-not-found', `there is no object s3://${Bucket}/${Key}`, {
          hint: 'check bucket and key',
        }),
      );
    }
    const stream = answer.Body as import('node:stream').Readable;
    return {
      ...(answer.ETag !== undefined && { etag: answer.ETag }),
      ...(answer.ContentLength !== undefined && { size: answer.ContentLength }),
      ...(answer.ContentType !== undefined && { type: answer.ContentType }),
      body: readable(stream, answer.ContentLength),
      close: () => stream.destroy(),
    };
  };

  async function* readable(stream: AsyncIterable<Buffer>, size: number | undefined): AsyncGenerator<Buffer> {
    let length = 0;
    try {
      for await (const chunk of stream) {
        length += chunk.length;
        yield chunk;
      }
      if (size !== undefined && length < size)
        throw Object.assign(new Error('cut off'), { code: 'ECONNRESET' });
    } catch (error) {
      throw toFailure(error, { ...about, region: settings.region });
    }
  }
}
