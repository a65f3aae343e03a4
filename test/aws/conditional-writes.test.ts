import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bucketApi } from '../../src/aws/buckets.ts';
import { requiresConditions, withConditions } from '../../src/resources/aws/bucket-policy.ts';
import { connected } from './fixture.ts';

const theirs = {
  Sid: 'Theirs',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: 'arn:aws:s3:::guarded/*',
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

test('a policy that requires conditions: whoever writes without one is refused, and statements of others stay', async () => {
  const { lab, connection } = await connected();
  const s3 = lab.sdk();
  const Bucket = 'guarded';
  const LocationConstraint = connection.settings.region as 'eu-west-1';
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [theirs] });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const api = bucketApi(connection);
  const before = await api.policy(Bucket);
  expect(requiresConditions(before, Bucket)).toBe(false);
  await api.setPolicy(Bucket, withConditions(before, Bucket));
  const after = await api.policy(Bucket);
  expect(requiresConditions(after, Bucket)).toBe(true);
  expect(JSON.parse(after!)).toMatchObject({ Statement: [theirs, { Sid: 'ConvergeConditionalWrites' }] });
  expect(withConditions(after, Bucket)).toBe(after);
  const put = (more: object) => s3.send(new PutObjectCommand({ Bucket, Key: 'head', Body: 'x', ...more }));
  await expect(put({})).rejects.toMatchObject({ name: 'AccessDenied' });
  const { ETag } = await put({ IfNoneMatch: '*' });
  await expect(put({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await put({ IfMatch: ETag });
});
