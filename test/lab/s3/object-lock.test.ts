import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { type InstantClock, nameOf, openBucket, raw } from './fixture.ts';

const Bucket = 'bkt';
const DAY = 24 * 3_600_000;
const at = { Bucket, Key: 'k' };
const inDays = (clock: InstantClock, days: number) =>
  new Date(Math.floor(clock.now() / 1000) * 1000 + days * DAY);

async function locking() {
  const { lab, s3 } = await openBucket();
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const };
  const enable = new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration });
  expect(await nameOf(s3.send(enable))).toBe('InvalidBucketState');
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const put = (mode: 'GOVERNANCE' | 'COMPLIANCE', days: number) =>
    s3.send(
      new PutObjectCommand({
        ...{ ...at, Body: 'x', ChecksumAlgorithm: 'SHA256' },
        ...{ ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(lab.clock, days) },
      }),
    );
  const retain = (mode: 'GOVERNANCE' | 'COMPLIANCE', days: number, BypassGovernanceRetention = false) =>
    nameOf(
      s3.send(
        new PutObjectRetentionCommand({
          ...{ ...at, BypassGovernanceRetention },
          Retention: { Mode: mode, RetainUntilDate: inDays(lab.clock, days) },
        }),
      ),
    );
  return { lab, s3, put, retain, enable: () => s3.send(enable) };
}

it('a version that is locked stays until its time is over, and its lock only gets longer', async () => {
  const { lab, s3, put, retain, enable } = await locking();
  expect(await nameOf(put('COMPLIANCE', 30))).toBe('InvalidRequest');
  await enable();
  const Status = 'Suspended' as const;
  const suspend = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } });
  expect(await nameOf(s3.send(suspend))).toBe('InvalidBucketState');
  const { VersionId } = await put('COMPLIANCE', 30);
  expect(await s3.send(new HeadObjectCommand(at))).toMatchObject({
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: inDays(lab.clock, 30),
  });
  const remove = (BypassGovernanceRetention = true) =>
    nameOf(s3.send(new DeleteObjectCommand({ ...at, VersionId: VersionId!, BypassGovernanceRetention })));
  expect(await remove()).toBe('AccessDenied');
  const many = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'k', VersionId }] } });
  expect((await s3.send(many)).Errors).toMatchObject([{ Key: 'k', Code: 'AccessDenied' }]);
  expect([await retain('COMPLIANCE', 10, true), await retain('GOVERNANCE', 40, true)]).toEqual([
    'AccessDenied',
    'AccessDenied',
  ]);
  expect(await retain('COMPLIANCE', 40)).toBe('resolved');
  expect((await s3.send(new GetObjectRetentionCommand(at))).Retention).toEqual({
    Mode: 'COMPLIANCE',
    RetainUntilDate: inDays(lab.clock, 40),
  });
  // A newer version of the key isn't held back, and hides nothing for good.
  await s3.send(new PutObjectCommand({ ...at, Body: 'y' }));
  expect(await nameOf(s3.send(new GetObjectRetentionCommand(at)))).toBe('NoSuchObjectLockConfiguration');
});

it('governance gives way to whoever says so', async () => {
  const { s3, put, retain, enable } = await locking();
  await enable();
  const { VersionId } = await put('GOVERNANCE', 30);
  const remove = (BypassGovernanceRetention: boolean) =>
    nameOf(s3.send(new DeleteObjectCommand({ ...at, VersionId: VersionId!, BypassGovernanceRetention })));
  expect([await retain('GOVERNANCE', 10), await remove(false)]).toEqual(['AccessDenied', 'AccessDenied']);
  expect([await retain('GOVERNANCE', 10, true), await remove(true)]).toEqual(['resolved', 'resolved']);
});

it('a lock needs a date to come, a mode and a checksum of the body', async () => {
  const { lab, s3, put, enable } = await locking();
  await enable();
  expect(await nameOf(put('COMPLIANCE', -1))).toBe('InvalidArgument');
  const headers = (more: object) => ({ 'x-amz-object-lock-mode': 'COMPLIANCE', ...more });
  const until = inDays(lab.clock, 1).toISOString();
  const send = (more: object) =>
    raw(lab.url, {
      method: 'PUT',
      path: '/bkt/k',
      body: 'x',
      headers: headers(more) as Record<string, string>,
    });
  expect((await send({})).code).toBe('InvalidArgument');
  expect((await send({ 'x-amz-object-lock-retain-until-date': until })).code).toBe('InvalidRequest');
  expect((await s3.send(new HeadObjectCommand(at)).catch(error => error.name)) as string).toBe('NotFound');
});
