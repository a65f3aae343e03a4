import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { nameOf, openBucket } from './fixture.ts';

const Bucket = 'bkt';

it('strikes the requests that match, as often as it says', async () => {
  const { lab, s3 } = await openBucket();
  const put = (Key: string) => nameOf(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })));
  lab.fault({ method: 'PUT', key: 'packs/*', times: 2, kind: 'slow-down' });
  expect(await put('points/1')).toBe('resolved');
  expect(await nameOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'packs/1' })))).toBe('NotFound');
  expect([await put('packs/1'), await put('packs/a/b'), await put('packs/1')]).toEqual([
    'SlowDown',
    'SlowDown',
    'resolved',
  ]);
  lab.fault({ bucket: 'b?t', kind: 'internal-error' });
  expect(await nameOf(s3.send(new ListObjectsV2Command({ Bucket })))).toBe('InternalError');
});

it('a reset does nothing, a lost answer has done it', async () => {
  const { lab, s3 } = await openBucket();
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  lab.fault({ kind: 'reset' });
  expect(await nameOf(put('reset'))).not.toBe('resolved');
  lab.fault({ kind: 'lost-answer' });
  expect(await nameOf(put('lost'))).not.toBe('resolved');
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(each => each.Key)).toEqual([
    'lost',
  ]);
});

it('latency is the time of the lab', async () => {
  const { lab, s3 } = await openBucket();
  lab.fault({ kind: 'latency', ms: 1500, method: 'GET' });
  expect(await nameOf(s3.send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('NoSuchKey');
  expect(lab.clock.slept).toEqual([1500]);
});

it('closes at once, with connections kept alive and a request under way', async () => {
  const { lab, s3 } = await openBucket();
  lab.clock.sleep = () => new Promise(() => {});
  lab.fault({ kind: 'latency' });
  const waiting = nameOf(s3.send(new ListObjectsV2Command({ Bucket })));
  await expect.poll(() => lab.close().then(() => 'closed')).toBe('closed');
  expect(await waiting).not.toBe('resolved');
});
