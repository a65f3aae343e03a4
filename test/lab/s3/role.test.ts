import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Policy } from '../../../src/lab/instance/policy.ts';
import { roleOf, unknownIn } from '../../../src/lab/instance/role.ts';
import { startS3 } from '../../../src/lab/s3/server.ts';
import { instancePolicy } from '../../../src/masterless/instance/policy.ts';
import { credentials, InstantClock, realRandom, region, temporaryDir } from './fixture.ts';

const settings = { instanceId: 'i-0aaaaaaaaaaaaaaaa', accountId: '123456789012' };
const asRole = (policy: Policy | undefined) => roleOf(credentials, { ...settings, policy } as never);

/** A bucket with the content of two environments, as the lab's account and as the role see it. */
async function account(policy: Policy | undefined) {
  const role = asRole(policy);
  const lab = await startS3({
    dir: await temporaryDir(),
    clock: new InstantClock(),
    credentials,
    region,
    random: realRandom,
    role: async () => role,
  });
  onTestFinished(() => lab.close());
  const client = (one: object) => {
    const made = new S3Client({
      endpoint: lab.url,
      region,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: one as never,
    });
    onTestFinished(() => made.destroy());
    return made;
  };
  const root = client(credentials);
  await root.send(new CreateBucketCommand({ Bucket: 'cust' }));
  for (const Key of ['shop.sig', 'shop.yaml', 'test.sig'])
    await root.send(new PutObjectCommand({ Bucket: 'cust', Key, Body: Key }));
  const instance = client(role.credentials);
  /** 200, or the error's code and message. */
  const send = async (command: object, by = instance) => {
    try {
      await by.send(command as GetObjectCommand);
      return 'allowed';
    } catch (error) {
      const { name, message } = error as Error;
      return `${name}: ${message}`;
    }
  };
  return { role, send, client, instance };
}

describe('the role of the instance', () => {
  const shipped = instancePolicy(['shop'], 'cust');
  const at = (Key: string) => ({ Bucket: 'cust', Key });

  test('reads its own content and writes its own report, and nothing else', async () => {
    const { role, send } = await account(shipped);
    const own = `reports/shop/${role.userId}.json`;
    expect(await send(new GetObjectCommand(at('shop.sig')))).toBe('allowed');
    expect(await send(new HeadObjectCommand(at('shop.yaml')))).toBe('allowed');
    expect(await send(new PutObjectCommand({ ...at(own), Body: '{}' }))).toBe('allowed');
    for (const denied of [
      new GetObjectCommand(at('test.sig')),
      new GetObjectCommand({ ...at('shop.yaml'), VersionId: 'null' }),
      new GetObjectCommand(at(own)),
      new PutObjectCommand({ ...at('shop.yaml'), Body: 'x' }),
      new PutObjectCommand({ ...at('shop.sig'), Body: 'x' }),
      new PutObjectCommand({ ...at('shop.rollout'), Body: 'x' }),
      new PutObjectCommand({ ...at(`reports/shop/AROAOTHER:i-0bbbbbbbbbbbbbbbb.json`), Body: 'x' }),
      new CopyObjectCommand({ ...at(own), CopySource: 'cust/test.sig' }),
      new DeleteObjectCommand(at(own)),
      new ListObjectsV2Command({ Bucket: 'cust' }),
      new CreateBucketCommand({ Bucket: 'another' }),
    ])
      expect(await send(denied), denied.constructor.name).toMatch(/^AccessDenied/);
  });

  test('is told user, permission and resource; of an object that is not there, only that it may not list', async () => {
    const { send } = await account(shipped);
    expect(await send(new GetObjectCommand(at('test.sig')))).toContain(
      'assumed-role/lab-instance/i-0aaaaaaaaaaaaaaaa is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::cust/test.sig"',
    );
    expect(await send(new GetObjectCommand(at('shop.zip')))).toContain(
      's3:ListBucket on resource: "arn:aws:s3:::cust"',
    );
    expect(await send(new GetObjectCommand({ Bucket: 'none', Key: 'shop.sig' }))).toContain('NoSuchBucket');
  });

  test('may do nothing without a policy, and is nobody without its token', async () => {
    const { send, client, role } = await account(undefined);
    expect(await send(new GetObjectCommand(at('shop.sig')))).toContain('AccessDenied');
    const { sessionToken: _, ...half } = role.credentials;
    expect(await send(new GetObjectCommand(at('shop.sig')), client(half))).toContain('InvalidToken');
    const forged = { ...role.credentials, secretAccessKey: 'guessed' };
    expect(await send(new GetObjectCommand(at('shop.sig')), client(forged))).toContain(
      'SignatureDoesNotMatch',
    );
  });
});

test('versions are listed by a right of their own, and a list of keys is deleted key by key', async () => {
  const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
  const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement }) as Policy;
  const bucket = 'arn:aws:s3:::cust';
  const lister = await account(policy(allow('s3:ListBucket', bucket)));
  const versions = new ListObjectVersionsCommand({ Bucket: 'cust', KeyMarker: 'a' });
  expect(await lister.send(versions)).toContain('s3:ListBucketVersions on resource: "arn:aws:s3:::cust"');
  const { send, instance } = await account(
    policy(
      allow('s3:ListBucketVersions', bucket),
      allow('s3:DeleteObject', `${bucket}/shop.*`),
      allow('s3:DeleteObjectVersion', `${bucket}/test.*`),
    ),
  );
  expect(await send(versions)).toBe('allowed');
  const Objects = [
    { Key: 'shop.yaml' },
    { Key: 'shop.sig', VersionId: 'null' },
    { Key: 'test.sig' },
    { Key: 'test.sig', VersionId: 'null' },
  ];
  const answer = await instance.send(new DeleteObjectsCommand({ Bucket: 'cust', Delete: { Objects } }));
  expect(answer.Deleted).toEqual([{ Key: 'shop.yaml' }, { Key: 'test.sig', VersionId: 'null' }]);
  expect(
    answer.Errors?.map(({ Key, Code, Message }) => [Key, Code, /perform: (\S+)/.exec(Message!)?.[1]]),
  ).toEqual([
    ['shop.sig', 'AccessDenied', 's3:DeleteObjectVersion'],
    ['test.sig', 'AccessDenied', 's3:DeleteObject'],
  ]);
});

test('a policy that the lab could not hold anybody to is refused', () => {
  const one = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  const policy = (statement: object) => ({ Version: '2012-10-17', Statement: [statement] });
  expect(unknownIn(policy(one))).toBeUndefined();
  expect(unknownIn(instancePolicy(['shop'], 'cust'))).toBeUndefined();
  expect(unknownIn(policy({ ...one, Condition: { StringLike: { 's3:prefix': 'shop/*' } } }))).toBeUndefined();
  expect(unknownIn(policy({ ...one, Condition: { NumericLessThan: {} } }))).toContain('NumericLessThan');
  expect(unknownIn(policy({ ...one, Condition: { StringLike: { 'aws:username': 'x' } } }))).toContain(
    'aws:username',
  );
  expect(unknownIn(policy({ ...one, Effect: 'Deny' }))).toContain('Deny');
  expect(unknownIn(policy({ ...one, Resource: 'arn:aws:s3:::x/${aws:username}' }))).toContain(
    '${aws:username}',
  );
  expect(unknownIn(policy({ Effect: 'Allow', Action: 's3:*' }))).toContain('Resource');
  expect(unknownIn('x')).toContain('2012-10-17');
});
