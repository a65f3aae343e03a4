import { Failure, failedWith, world } from '../diagnostics/diagnostic.ts';
import type { ObjectLock } from '../replication/model/object-lock.ts';
import type { Kept, ObjectLocks } from '../replication/model/store.ts';
import { codeOf } from './errors.ts';
import type { S3Connection } from './s3-client.ts';

export interface Place {
  connection: S3Connection;
  bucket: string;
  /** What comes before each key in the bucket. */
  root: string;
}

export const modeOf = ({ mode }: ObjectLock) => (mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE');

const isMissing = (error: unknown) => ['NoSuchKey', 'NoSuchVersion'].includes(codeOf(error));
const isUnlocked = (error: unknown) =>
  // Not all call it as S3 does.
  ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'].includes(codeOf(error));

/** Object Lock of the objects of a bucket. */
export function s3Locks(place: Place): ObjectLocks {
  const { connection, bucket, root } = place;
  const { sdk, client } = connection;
  return {
    of: (key, signal) => lockOf(place, key, undefined, signal),
    async extend(key, lock, signal) {
      let gone = false;
      await connection.call(
        { action: 's3:PutObjectRetention', bucket, key: root + key },
        options =>
          client.send(
            new sdk.PutObjectRetentionCommand({
              ...{ Bucket: bucket, Key: root + key },
              Retention: { Mode: modeOf(lock), RetainUntilDate: new Date(lock.until) },
            }),
            options,
          ),
        {
          signal,
          expected: error => {
            gone = isMissing(error);
            return gone;
          },
        },
      );
      if (gone) throw missing(root + key);
    },
  };
}

/** @throws Failure `missing-object`, `bucket-without-lock` */
export async function lockOf(
  { connection, bucket, root }: Place,
  key: string,
  version?: string,
  signal?: AbortSignal,
): Promise<ObjectLock | undefined> {
  const { sdk, client } = connection;
  let gone = false;
  const answer = await connection.call(
    { action: 's3:GetObjectRetention', bucket, key: root + key },
    options =>
      client.send(
        new sdk.GetObjectRetentionCommand({
          ...{ Bucket: bucket, Key: root + key },
          ...(version !== undefined && { VersionId: version }),
        }),
        options,
      ),
    {
      signal,
      expected: error => {
        gone = isMissing(error);
        return gone || isUnlocked(error);
      },
    },
  );
  if (gone) throw missing(root + key);
  const { Mode, RetainUntilDate } = answer?.Retention ?? {};
  if (!RetainUntilDate) return undefined;
  return { mode: Mode === 'COMPLIANCE' ? 'compliance' : 'governance', until: RetainUntilDate.getTime() };
}

const missing = (key: string): Failure =>
  new Failure(
    world('missing-object', `${key} isn't there`, { hint: '`converge verify` tells what needs it' }),
  );

/** What one request may delete. */
const MOST = 1000;

/**
 * Deletes these keys for good: each version and each delete marker by its id, which in a bucket without
 * versions is `null`. One listing of what the keys have in common, and a request for each thousand versions.
 * Where the bucket has Object Lock, each version is asked for its own first; one that is locked isn't tried.
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
  let locking: boolean | undefined;
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
    // Only versions are ever locked, and only a bucket that has them gives them ids.
    if (one.VersionId !== 'null' && !one.isMarker) {
      locking ??= await hasLocks({ connection, bucket });
      const until = locking ? await lockedUntil({ connection, bucket, root }, one) : undefined;
      if (until !== undefined) {
        const key = one.Key.slice(root.length);
        const before = kept.get(key)?.until ?? 0;
        kept.set(key, { key, why: 'it is locked', until: Math.max(before, until) });
        continue;
      }
    }
    batch.push({ Key: one.Key, VersionId: one.VersionId });
    if (batch.length === MOST) await flush();
  }
  await flush();
  return [...kept.values()];
}

/** Whether a bucket's versions may be locked; where that can't be asked, they may. */
async function hasLocks({ connection, bucket }: Pick<Place, 'connection' | 'bucket'>): Promise<boolean> {
  const { sdk, client } = connection;
  let refused = false;
  const answer = await connection.call(
    { action: 's3:GetBucketObjectLockConfiguration', bucket },
    options => client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket }), options),
    {
      expected: error => {
        refused = codeOf(error) === 'AccessDenied';
        return refused || codeOf(error) === 'ObjectLockConfigurationNotFoundError';
      },
    },
  );
  return refused || answer?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
}

async function lockedUntil(
  place: Place,
  { Key, VersionId }: { Key: string; VersionId: string },
): Promise<number | undefined> {
  const { connection, root } = place;
  try {
    const lock = await lockOf(place, Key.slice(root.length), VersionId);
    const now = connection.settings.clock.now() + connection.clockAhead();
    return lock && lock.until > now ? lock.until : undefined;
  } catch (error) {
    // Who may not look tries: the store refuses what is locked.
    if (failedWith(error, 'missing-object', 'aws-access-denied')) return undefined;
    throw error;
  }
}

async function* versions(
  { connection, bucket }: Place,
  Prefix: string,
): AsyncGenerator<{ Key: string; VersionId: string; isMarker: boolean }> {
  const { sdk, client } = connection;
  let from: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (from) {
    const at: { KeyMarker?: string; VersionIdMarker?: string } = from;
    const about = { action: 's3:ListBucketVersions', bucket, key: Prefix };
    const page = await connection.call(about, options =>
      client.send(new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix, ...at }), options),
    );
    for (const [isMarker, all] of [
      [false, page?.Versions ?? []],
      [true, page?.DeleteMarkers ?? []],
    ] as const)
      for (const { Key, VersionId } of all)
        if (Key !== undefined) yield { Key, VersionId: VersionId ?? 'null', isMarker };
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
