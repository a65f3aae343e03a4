import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { nameOf, openBucket, openLab, raw, region } from './fixture.ts';

const Bucket = 'bkt';
const create = (s3: S3Client, name: string, location: string | undefined = region) =>
  s3.send(
    new CreateBucketCommand({
      Bucket: name,
      ...(location && { CreateBucketConfiguration: { LocationConstraint: location as 'eu-west-1' } }),
    }),
  );

describe('buckets', () => {
  it('are listed, found and located', async () => {
    const { s3 } = await openBucket();
    await create(s3, 'another');
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(each => each.Name)).toEqual(['another', 'bkt']);
    expect((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe(region);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe(region);
    expect(await nameOf(s3.send(new HeadBucketCommand({ Bucket: 'missing' })))).toBe('NotFound');
    expect(await nameOf(s3.send(new ListObjectsV2Command({ Bucket: 'missing' })))).toBe('NoSuchBucket');
  });

  it('keep their names to rules and to their region', async () => {
    const s3 = (await openLab()).sdk();
    for (const name of ['No-Upper', 'a..b', '10.0.0.1', 'xn--x', 'end-']) {
      expect(await nameOf(create(s3, name))).toBe('InvalidBucketName');
    }
    expect(await nameOf(create(s3, 'elsewhere', 'eu-central-1'))).toBe('IllegalLocationConstraintException');
  });

  it('cannot be made twice, but in the oldest region', async () => {
    const { s3 } = await openBucket();
    expect(await nameOf(create(s3, 'bkt'))).toBe('BucketAlreadyOwnedByYou');
    const oldest = (await openLab({ region: 'us-east-1' })).sdk();
    await create(oldest, 'bkt', '');
    expect(await nameOf(create(oldest, 'bkt', ''))).toBe('resolved');
    expect((await oldest.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeFalsy();
  });

  it('of somebody else only show that the name is taken', async () => {
    const { lab, s3 } = await openBucket();
    await lab.plantForeignBucket('theirs');
    const theirs = { Bucket: 'theirs' };
    expect(await nameOf(create(s3, 'theirs'))).toBe('BucketAlreadyExists');
    expect((await raw(lab.url, { method: 'HEAD', path: '/theirs' })).status).toBe(403);
    expect(await nameOf(s3.send(new ListObjectsV2Command(theirs)))).toBe('AccessDenied');
    expect(await nameOf(s3.send(new PutObjectCommand({ ...theirs, Key: 'k', Body: 'x' })))).toBe(
      'AccessDenied',
    );
    expect(await nameOf(s3.send(new DeleteBucketCommand(theirs)))).toBe('AccessDenied');
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(each => each.Name)).toEqual(['bkt']);
  });

  it('go only when they are empty, old versions included', async () => {
    const { s3 } = await openBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    expect(await nameOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('BucketNotEmpty');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(await nameOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('BucketNotEmpty');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await nameOf(s3.send(new HeadBucketCommand({ Bucket })))).toBe('NotFound');
  });
});

describe('settings of a bucket', () => {
  it('versioning begins unset and cannot be unset again', async () => {
    const { s3 } = await openBucket();
    const status = async () => (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await status()).toBeUndefined();
    for (const Status of ['Enabled', 'Suspended'] as const) {
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
      expect(await status()).toBe(Status);
    }
    const none = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: {} });
    expect(await nameOf(s3.send(none))).toBe('IllegalVersioningConfigurationException');
  });

  it('public access is blocked from the start', async () => {
    const { s3 } = await openBucket();
    const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(Object.values(PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true]);
  });

  it('lifecycle, policy, tags and encryption come back as they were put', async () => {
    const { s3 } = await openBucket();
    const Rules: LifecycleRule[] = [
      { ID: 'a', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 3 } },
      {
        ID: 'b',
        Status: 'Disabled',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ];
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    expect((await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect(await nameOf(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toBe(
      'NoSuchLifecycleConfiguration',
    );

    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }],
    });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await nameOf(s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe('NoSuchBucketPolicy');
    expect(await nameOf(s3.send(new PutBucketPolicyCommand({ Bucket, Policy: 'no json' })))).toBe(
      'MalformedPolicy',
    );

    const TagSet = [{ Key: 'team', Value: 'dr & co' }];
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet);

    const Rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const },
      BucketKeyEnabled: false,
    };
    await s3.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [Rule] } }),
    );
    const answer = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(answer.ServerSideEncryptionConfiguration?.Rules).toEqual([Rule]);
  });

  const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
  it.each<[string, LifecycleRule[], string]>([
    ['no rule', [], 'MalformedXML'],
    ['no action', [{ ID: 'a', Status: 'Enabled', Filter: { Prefix: '' } }], 'InvalidRequest'],
    ['no filter', [{ ID: 'a', Status: 'Enabled', ...abort }], 'MalformedXML'],
    [
      'zero days',
      [{ ID: 'a', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 0 } }],
      'InvalidArgument',
    ],
    [
      'one id twice',
      [1, 2].map(() => ({ ID: 'a', Status: 'Enabled', Filter: { Prefix: '' }, ...abort })),
      'InvalidArgument',
    ],
  ])('a lifecycle with %s is refused', async (_, Rules, code) => {
    const { s3 } = await openBucket();
    const put = new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } });
    expect(await nameOf(s3.send(put))).toBe(code);
  });

  it('a document that is not XML is refused, and so is an entity', async () => {
    const { lab } = await openBucket();
    const put = (body: string) => raw(lab.url, { method: 'PUT', path: '/bkt?tagging', body });
    expect((await put('<Tagging')).code).toBe('MalformedXML');
    expect((await put('<!DOCTYPE t [<!ENTITY a "b">]><Tagging>&a;</Tagging>')).code).toBe('MalformedXML');
    expect((await raw(lab.url, { path: '/bkt?website' })).code).toBe('NotImplemented');
  });
});
