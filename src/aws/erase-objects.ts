import type { Kept } from '../replication/model/store.ts';
import type { S3Connection } from './s3-client.ts';

/** What one request may delete. */
const MOST = 1000;

interface Place {
  connection: S3Connection;
  bucket: string;
  /** What comes before each key in the bucket. */
  root: string;
}

/**
 * Deletes these keys for good: each version and each delete marker by its id, which in a bucket without
 * versions is `null`. One listing of what the keys have in common, and a request for each thousand versions.
 */
export async function eraseObjects(
  { connection, bucket, root }: Place,
  keys: readonly string[],
): Promise<Kept[]> {
  if (keys.length === 0) return [];
  const { sdk, client } = connection;
  const wanted = new Set(keys.map(key => root + key));
  const kept = new Map<string, Kept>();
  let batch: { Key: string; VersionId: string }[] = [];
  const flush = async () => {
    const Objects = batch;
    batch = [];
    if (Objects.length === 0) return;
    const about = { action: 's3:DeleteObjectVersion', bucket, key: Objects[0]!.Key };
    const answer = await connection.call(about, options =>
      client.send(
        new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        options,
      ),
    );
    for (const { Key = '', Code, Message } of answer?.Errors ?? []) {
      const key = Key.slice(root.length);
      if (Code !== 'NoSuchVersion' && Code !== 'NoSuchKey')
        kept.set(key, { key, why: Message ?? Code ?? 'refused' });
    }
  };
  for await (const one of versions({ connection, bucket, root }, commonStart([...wanted]))) {
    if (!wanted.has(one.Key)) continue;
    batch.push(one);
    if (batch.length === MOST) await flush();
  }
  await flush();
  return [...kept.values()];
}

async function* versions(
  { connection, bucket }: Place,
  Prefix: string,
): AsyncGenerator<{ Key: string; VersionId: string }> {
  const { sdk, client } = connection;
  let from: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (from) {
    const at: { KeyMarker?: string; VersionIdMarker?: string } = from;
    const about = { action: 's3:ListBucketVersions', bucket, key: Prefix };
    const page = await connection.call(about, options =>
      client.send(new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix, ...at }), options),
    );
    for (const { Key, VersionId } of [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])])
      if (Key !== undefined) yield { Key, VersionId: VersionId ?? 'null' };
    from = page?.IsTruncated
      ? {
          ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
          ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
        }
      : undefined;
  }
}

/** What all of them begin with. */
function commonStart(keys: readonly string[]): string {
  let start = keys[0] ?? '';
  for (const key of keys) while (!key.startsWith(start)) start = start.slice(0, -1);
  return start;
}
