import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { ObjectStore, PutResult, StoredObject } from '../replication/model/store.ts';
import type { S3Url } from '../values/s3-url.ts';
import { codeOf, type ErrorClass, statusOf, toFailure } from './errors.ts';
import { eraseObjects, modeOf, s3Locks } from './object-versions.ts';
import type { S3Connection } from './s3-client.ts';
import { type Checksum, payloadsOf } from './wire/payloads.ts';
import { withRetries } from './with-retries.ts';

const notThere = (error: unknown) => codeOf(error) === 'NoSuchKey' || codeOf(error) === 'NotFound';

/** HEAD has no body to say which of the two 404s it is; the others name a missing bucket. */
const headNotThere = (error: unknown) => statusOf(error) === 404;

const refusedBy = (error: unknown) => statusOf(error) === 412 || (statusOf(error) === 404 && notThere(error));

/** How consoles and some tools make what they show as a folder. Nothing of anybody's is in it. */
const isFolder = (key: string, size: number | undefined): boolean =>
  (size ?? 0) === 0 && (key === '' || key.endsWith('/'));

const bare = (etag: string | undefined) => (etag ?? '').replaceAll('"', '');

/** An object store under `s3://bucket/prefix`. */
export function s3Store(connection: S3Connection, place: S3Url): ObjectStore {
  const { sdk, client, settings } = connection;
  const { bucket: Bucket, prefix, canonical: url } = place;
  const root = prefix === '' ? '' : `${prefix}/`;
  const about = (action: string, key: string) => ({
    action,
    bucket: Bucket,
    key: root + key,
    region: settings.region,
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
  });

  const get: ObjectStore['get'] = async (key, { range, into, signal, patience } = {}) => {
    if (range && range.end <= range.start) throw new RangeError(`Empty range of ${key}`);
    const Range = range && `bytes=${range.start}-${range.end - 1}`;
    const pastTheEnd = (error: unknown) => range !== undefined && codeOf(error) === 'InvalidRange';
    const landing = into && range && range.end - range.start <= into.length && { buffer: into, length: 0 };
    let empty = false;
    const found = await connection.call(
      about('s3:GetObject', key),
      async options => {
        const answer = await client.send(
          new sdk.GetObjectCommand({ Bucket, Key: root + key, ...(Range && { Range }) }),
          { ...options, ...(landing && { landing }) },
        );
        const { Body, ETag, LastModified } = answer;
        const told = { etag: bare(ETag), modified: LastModified?.getTime() ?? 0 };
        if (landing) return { bytes: landing.buffer.subarray(0, landing.length), ...told };
        const body = await Body?.transformToByteArray();
        const bytes = body ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.alloc(0);
        return { bytes, ...told };
      },
      {
        signal,
        // Blocks and maps are read by ranges; what is read whole is small and waited for.
        patience: patience ?? (range ? 'bulk' : 'quick'),
        expected: error => {
          empty = pastTheEnd(error);
          return empty || notThere(error);
        },
      },
    );
    // An object that is shorter than it should be is for its reader to judge.
    return found ?? (empty ? { bytes: Buffer.alloc(0), etag: '', modified: 0 } : undefined);
  };

  const payloads = payloadsOf(settings.endpoint);

  /** After a lost answer: does the key hold these very bytes now? */
  async function holds(key: string, bytes: Buffer, signal?: AbortSignal): Promise<string | undefined> {
    const now = await get(key, signal ? { signal } : {});
    return now?.bytes.equals(bytes) ? now.etag : undefined;
  }

  async function put(
    key: string,
    bytes: Buffer,
    { when, lock, signal, patience }: Parameters<ObjectStore['put']>[2],
  ): Promise<PutResult> {
    // Once an attempt may have been done, a later 412 can be our own doing.
    let inDoubt = false;
    const again = (error: unknown, kind: ErrorClass) => {
      if (kind === 'lost') inDoubt = true;
      return kind !== 'final' || codeOf(error) === 'ConditionalRequestConflict';
    };
    const conditions = 'ifMatch' in when ? { IfMatch: `"${when.ifMatch}"` } : { IfNoneMatch: '*' };
    const send = (checksum: Checksum) => {
      const ready = new sdk.PutObjectCommand({
        Bucket,
        Key: root + key,
        Body: bytes,
        ContentLength: bytes.length,
        ...(lock && {
          // A lock takes a checksum, by either name; not all servers know both.
          ChecksumAlgorithm: 'SHA256' as const,
          ObjectLockMode: modeOf(lock),
          ObjectLockRetainUntilDate: new Date(lock.until),
        }),
        ...checksum,
        ...conditions,
      });
      return withRetries(abortSignal => client.send(ready, abortSignal ? { abortSignal } : {}), settings, {
        signal,
        patience: patience ?? 'bulk',
        again,
        words: error => toFailure(error, about('s3:PutObject', key)),
      });
    };
    try {
      const answer = await payloads.put(
        bytes,
        send,
        async () => (await holds(key, bytes, signal)) !== undefined,
      );
      return { ok: true, etag: bare(answer.ETag) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!inDoubt && refusedBy(error)) return { ok: false, reason: 'precondition' };
      const action = lock ? 's3:PutObject and s3:PutObjectRetention' : 's3:PutObject';
      if (!inDoubt) throw toFailure(error, about(action, key));
      const etag = await holds(key, bytes, signal).catch(() => undefined);
      if (etag !== undefined) return { ok: true, etag };
      throw new Failure(
        world(
          'answer-lost',
          `${url}/${key} was written, but the answer was lost: it may or may not be there.`,
          {
            hint: 'Check the network to S3 and run again; what was written twice is found out.',
          },
        ),
        { cause: error },
      );
    }
  }

  async function head(key: string): Promise<StoredObject | undefined> {
    const answer = await connection.call(
      about('s3:GetObject', key),
      options => client.send(new sdk.HeadObjectCommand({ Bucket, Key: root + key }), options),
      { expected: headNotThere },
    );
    return (
      answer && {
        key,
        size: answer.ContentLength ?? 0,
        etag: bare(answer.ETag),
        modified: answer.LastModified?.getTime() ?? 0,
      }
    );
  }

  async function* pages(prefix: string, asked: { StartAfter?: string; Delimiter?: string }) {
    let ContinuationToken: string | undefined;
    do {
      const page = await connection.call(about('s3:ListBucket', prefix), options =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket,
            Prefix: root + prefix,
            ...asked,
            ...(ContinuationToken !== undefined && { ContinuationToken }),
          }),
          options,
        ),
      );
      if (page) yield page;
      ContinuationToken = page?.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async function* list(prefix: string, after?: string): AsyncGenerator<StoredObject> {
    for await (const page of pages(prefix, after === undefined ? {} : { StartAfter: root + after })) {
      for (const each of page.Contents ?? []) {
        const key = (each.Key ?? '').slice(root.length);
        if (isFolder(key, each.Size)) continue;
        // Not every server knows of it.
        if (after !== undefined && key <= after) continue;
        yield {
          key,
          size: each.Size ?? 0,
          etag: bare(each.ETag),
          modified: each.LastModified?.getTime() ?? 0,
        };
      }
    }
  }

  async function* folders(prefix: string): AsyncGenerator<string> {
    for await (const page of pages(prefix, { Delimiter: '/' }))
      for (const { Prefix } of page.CommonPrefixes ?? []) yield (Prefix ?? '').slice(root.length);
  }

  async function remove(key: string): Promise<void> {
    await connection.call(
      about('s3:DeleteObject', key),
      options => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: root + key }), options),
      { expected: notThere },
    );
  }

  const erase = (keys: readonly string[]) => eraseObjects({ connection, bucket: Bucket, root }, keys);

  const locks = s3Locks({ connection, bucket: Bucket, root });
  const { long: waits } = settings;
  const clockAhead = () => connection.clockAhead();
  return { url, get, head, put, list, folders, remove, erase, locks, clockAhead, ...(waits && { waits }) };
}
