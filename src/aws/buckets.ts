import type { LifecycleRule } from '@aws-sdk/client-s3';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { bucketCause, codeOf, statusOf } from './errors.ts';
import type { S3Connection } from './s3-client.ts';

declare module '../engine/model/io.ts' {
  interface Clients {
    s3: BucketApi;
  }
}

/** All rules of a bucket, and the setting that belongs to them as a whole. */
export interface Lifecycle {
  rules: LifecycleRule[];
  transitionMinimum?: 'all_storage_classes_128K' | 'varies_by_storage_class';
}

/** Buckets of one account in one region. All calls reject with a Failure. */
export interface BucketApi {
  readonly region: string;
  /**
   * Names of all buckets of the account in the region; a service that does not know regions gives all it has.
   */
  list(signal?: AbortSignal): Promise<string[]>;
  /** Rejects when the name belongs to somebody else, or the bucket is in another region. */
  exists(name: string, signal?: AbortSignal): Promise<boolean>;
  /** In the region of the connection. A bucket that is ours already is fine. */
  create(name: string, signal?: AbortSignal): Promise<void>;
  /** Rejects with `bucket-not-empty`; a bucket that is gone is fine. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
  /** None where the service can't keep them. */
  tags(name: string, signal?: AbortSignal): Promise<Record<string, string>>;
  /** Adds tags. False where the service can't keep them. */
  tag(name: string, tags: Record<string, string>, signal?: AbortSignal): Promise<boolean>;
  versioning(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Off is "suspended": a bucket never goes back to having had no versions. */
  setVersioning(name: string, on: boolean, signal?: AbortSignal): Promise<void>;
  /** Whether all four blocks are on. */
  publicAccessBlocked(name: string, signal?: AbortSignal): Promise<boolean>;
  blockPublicAccess(name: string, signal?: AbortSignal): Promise<void>;
  /** Whether objects can be locked. */
  objectLock(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether each new object is locked by a rule of the bucket. */
  locksByDefault(name: string, signal?: AbortSignal): Promise<boolean>;
  /** For good; no object is locked by it. */
  enableObjectLock(name: string, signal?: AbortSignal): Promise<void>;
  /** ARN, or id, of the key that new objects are encrypted with; undefined: S3's own. */
  kmsKey(name: string, signal?: AbortSignal): Promise<string | undefined>;
  setKmsKey(name: string, key: string, signal?: AbortSignal): Promise<void>;
  /** As text; undefined when there is none. */
  policy(name: string, signal?: AbortSignal): Promise<string | undefined>;
  setPolicy(name: string, policy: string, signal?: AbortSignal): Promise<void>;
  lifecycle(name: string, signal?: AbortSignal): Promise<Lifecycle>;
  setLifecycle(name: string, lifecycle: Lifecycle, signal?: AbortSignal): Promise<void>;
}

const foreign = (name: string, certain: boolean) =>
  new Failure(
    world(
      'bucket-of-somebody-else',
      certain
        ? `The bucket ${name} belongs to somebody else: bucket names are shared by all accounts.`
        : `The bucket ${name} exists, but these credentials may not look at it: most likely it belongs to somebody else.`,
      {
        cause: bucketCause(name),
        hint: certain
          ? 'Choose another name.'
          : 'Choose another name, since all accounts share them; if the bucket is yours, allow s3:ListBucket on it.',
      },
    ),
  );

const hasCode =
  (...codes: string[]) =>
  (error: unknown) =>
    codes.includes(codeOf(error));

export function bucketApi({ sdk, client, settings, call }: S3Connection): BucketApi {
  const { region } = settings;
  const lockConfiguration = async (Bucket: string, signal?: AbortSignal) => {
    const answer = await call(
      { action: 's3:GetBucketObjectLockConfiguration', bucket: Bucket },
      options => client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), options),
      { signal, expected: hasCode('ObjectLockConfigurationNotFoundError') },
    );
    return answer?.ObjectLockConfiguration;
  };
  const tagsOf = async (Bucket: string, signal?: AbortSignal) => {
    const answer = await call(
      { action: 's3:GetBucketTagging', bucket: Bucket },
      options => client.send(new sdk.GetBucketTaggingCommand({ Bucket }), options),
      { signal, expected: hasCode('NoSuchTagSet', 'NotImplemented') },
    );
    return Object.fromEntries((answer?.TagSet ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  };
  return {
    region,
    async list(signal) {
      const names: string[] = [];
      for (let token: string | undefined; ; ) {
        const page = await call(
          { action: 's3:ListAllMyBuckets' },
          options =>
            client.send(
              new sdk.ListBucketsCommand({
                BucketRegion: region,
                MaxBuckets: 1000,
                ...(token !== undefined && { ContinuationToken: token }),
              }),
              options,
            ),
          { signal },
        );
        names.push(...(page?.Buckets ?? []).flatMap(({ Name }) => Name ?? []));
        token = page?.ContinuationToken;
        if (!token) return names.sort();
      }
    },
    async exists(Bucket, signal) {
      const about = { action: 's3:ListBucket', bucket: Bucket };
      try {
        const found = await call(
          about,
          async options => {
            await client.send(new sdk.HeadBucketCommand({ Bucket }), options);
            return true;
          },
          { signal, expected: error => statusOf(error) === 404 },
        );
        return found ?? false;
      } catch (error) {
        if (!(error instanceof Failure) || statusOf(error.cause) !== 403) throw error;
        // HEAD has no body: a wrong key looks the same as a bucket of somebody else. GET tells them apart.
        await call(about, options => client.send(new sdk.GetBucketLocationCommand({ Bucket }), options), {
          signal,
          expected: hasCode('AccessDenied'),
        });
        throw foreign(Bucket, false);
      }
    },
    async create(Bucket, signal) {
      try {
        await call(
          { action: 's3:CreateBucket', bucket: Bucket },
          options =>
            client.send(
              new sdk.CreateBucketCommand({
                Bucket,
                ...(region !== 'us-east-1' && {
                  CreateBucketConfiguration: {
                    LocationConstraint: region as import('@aws-sdk/client-s3').BucketLocationConstraint,
                  },
                }),
              }),
              options,
            ),
          { signal, expected: hasCode('BucketAlreadyOwnedByYou') },
        );
      } catch (error) {
        if (error instanceof Failure && codeOf(error.cause) === 'BucketAlreadyExists')
          throw foreign(Bucket, true);
        throw error;
      }
    },
    async remove(Bucket, signal) {
      try {
        await call(
          { action: 's3:DeleteBucket', bucket: Bucket },
          options => client.send(new sdk.DeleteBucketCommand({ Bucket }), options),
          { signal, expected: hasCode('NoSuchBucket') },
        );
      } catch (error) {
        if (!(error instanceof Failure) || codeOf(error.cause) !== 'BucketNotEmpty') throw error;
        throw new Failure(
          world(
            'bucket-not-empty',
            `The bucket ${Bucket} still holds objects or old versions; only an empty one is deleted.`,
            {
              hint: 'Empty it yourself, all versions included, once you are sure that nobody needs what is in it.',
            },
          ),
          { cause: error.cause },
        );
      }
    },
    tags: tagsOf,
    async tag(Bucket, tags, signal) {
      const TagSet = Object.entries({ ...(await tagsOf(Bucket, signal)), ...tags }).map(([Key, Value]) => ({
        Key,
        Value,
      }));
      const done = await call(
        { action: 's3:PutBucketTagging', bucket: Bucket },
        async options => {
          await client.send(new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }), options);
          return true;
        },
        { signal, expected: hasCode('NotImplemented') },
      );
      return done ?? false;
    },
    async versioning(Bucket, signal) {
      const answer = await call(
        { action: 's3:GetBucketVersioning', bucket: Bucket },
        options => client.send(new sdk.GetBucketVersioningCommand({ Bucket }), options),
        { signal },
      );
      return answer?.Status === 'Enabled';
    },
    async setVersioning(Bucket, on, signal) {
      const VersioningConfiguration = { Status: on ? ('Enabled' as const) : ('Suspended' as const) };
      await call(
        { action: 's3:PutBucketVersioning', bucket: Bucket },
        options =>
          client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration }), options),
        { signal },
      );
    },
    async publicAccessBlocked(Bucket, signal) {
      const answer = await call(
        { action: 's3:GetBucketPublicAccessBlock', bucket: Bucket },
        options => client.send(new sdk.GetPublicAccessBlockCommand({ Bucket }), options),
        { signal, expected: hasCode('NoSuchPublicAccessBlockConfiguration') },
      );
      const block = answer?.PublicAccessBlockConfiguration;
      return Boolean(
        block?.BlockPublicAcls &&
          block.BlockPublicPolicy &&
          block.IgnorePublicAcls &&
          block.RestrictPublicBuckets,
      );
    },
    async blockPublicAccess(Bucket, signal) {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      };
      await call(
        { action: 's3:PutBucketPublicAccessBlock', bucket: Bucket },
        options =>
          client.send(
            new sdk.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }),
            options,
          ),
        { signal },
      );
    },
    async objectLock(Bucket, signal) {
      return (await lockConfiguration(Bucket, signal))?.ObjectLockEnabled === 'Enabled';
    },
    locksByDefault: async (Bucket, signal) =>
      (await lockConfiguration(Bucket, signal))?.Rule?.DefaultRetention !== undefined,
    async enableObjectLock(Bucket, signal) {
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const };
      await call(
        { action: 's3:PutBucketObjectLockConfiguration', bucket: Bucket },
        options =>
          client.send(
            new sdk.PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }),
            options,
          ),
        { signal },
      );
    },
    async kmsKey(Bucket, signal) {
      const answer = await call(
        { action: 's3:GetEncryptionConfiguration', bucket: Bucket },
        options => client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), options),
        { signal, expected: hasCode('ServerSideEncryptionConfigurationNotFoundError') },
      );
      const [rule] = answer?.ServerSideEncryptionConfiguration?.Rules ?? [];
      const { SSEAlgorithm, KMSMasterKeyID } = rule?.ApplyServerSideEncryptionByDefault ?? {};
      return SSEAlgorithm === 'aws:kms' ? KMSMasterKeyID : undefined;
    },
    async setKmsKey(Bucket, key, signal) {
      const ServerSideEncryptionConfiguration = {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: key },
            BucketKeyEnabled: true,
          },
        ],
      };
      await call(
        { action: 's3:PutEncryptionConfiguration', bucket: Bucket },
        options =>
          client.send(
            new sdk.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }),
            options,
          ),
        { signal },
      );
    },
    async policy(Bucket, signal) {
      const answer = await call(
        { action: 's3:GetBucketPolicy', bucket: Bucket },
        options => client.send(new sdk.GetBucketPolicyCommand({ Bucket }), options),
        { signal, expected: hasCode('NoSuchBucketPolicy') },
      );
      return answer?.Policy;
    },
    async setPolicy(Bucket, Policy, signal) {
      await call(
        { action: 's3:PutBucketPolicy', bucket: Bucket },
        options => client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy }), options),
        { signal },
      );
    },
    async lifecycle(Bucket, signal) {
      const answer = await call(
        { action: 's3:GetLifecycleConfiguration', bucket: Bucket },
        options => client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }), options),
        { signal, expected: hasCode('NoSuchLifecycleConfiguration') },
      );
      const transitionMinimum = answer?.TransitionDefaultMinimumObjectSize;
      return { rules: answer?.Rules ?? [], ...(transitionMinimum && { transitionMinimum }) };
    },
    async setLifecycle(Bucket, { rules, transitionMinimum }, signal) {
      await call(
        { action: 's3:PutLifecycleConfiguration', bucket: Bucket },
        options =>
          client.send(
            new sdk.PutBucketLifecycleConfigurationCommand({
              Bucket,
              LifecycleConfiguration: { Rules: rules },
              ...(transitionMinimum && { TransitionDefaultMinimumObjectSize: transitionMinimum }),
            }),
            options,
          ),
        { signal },
      );
    },
  };
}
