import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { ObjectLock } from '../replication/model/object-lock.ts';
import type { ObjectLocks } from '../replication/model/store.ts';
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
