import { expect, test } from 'vitest';
import { contentBucket } from '../../src/aws/content-bucket.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { connected, diagnosticOf } from './fixture.ts';

test('reads back what was put, below its prefix', async () => {
  const { connection } = await connected({}, { bucket: 'cust' });
  const bucket = contentBucket(connection, s3Url('cust', '/deploy/'));
  await bucket.put('taupe.yaml', Buffer.from('one'));
  await bucket.put('taupe.yaml', Buffer.from('two'));
  expect(await bucket.get('taupe.yaml')).toMatchObject({ bytes: Buffer.from('two') });
  expect(bucket.url).toBe('s3://cust/deploy');
  const whole = contentBucket(connection, s3Url('cust'));
  expect(await whole.get('deploy/taupe.yaml')).toMatchObject({ bytes: Buffer.from('two') });
});

test('an object that is known already is not sent again, a changed one is', async () => {
  const { connection } = await connected({}, { bucket: 'cust' });
  const bucket = contentBucket(connection, s3Url('cust'));
  await bucket.put('a', Buffer.from('one'));
  const first = await bucket.get('a');
  const etag = typeof first === 'object' ? first.etag : '';
  expect(await bucket.get('a', etag)).toBe('unchanged');
  await bucket.put('a', Buffer.from('two'));
  expect(await bucket.get('a', etag)).toMatchObject({ bytes: Buffer.from('two') });
});

test('what is missing is an answer, a missing bucket is not', async () => {
  const { connection } = await connected({}, { bucket: 'cust' });
  expect(await contentBucket(connection, s3Url('cust')).get('a')).toBeUndefined();
  const nowhere = contentBucket(connection, s3Url('nowhere'));
  expect((await diagnosticOf(nowhere.get('a'))).code).toBe('bucket-not-found');
});
