import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isS3Url, parseS3Url } from '../../src/values/s3-url.ts';

test.each([
  ['s3://b', { bucket: 'b', key: '', prefix: '', canonical: 's3://b' }],
  ['S3://Bucket/', { bucket: 'Bucket', key: '', prefix: '', canonical: 's3://Bucket' }],
  [' s3://b/P/q/ ', { bucket: 'b', key: 'P/q/', prefix: 'P/q', canonical: 's3://b/P/q' }],
  ['s3://b//k', { bucket: 'b', key: '/k', prefix: 'k', canonical: 's3://b/k' }],
  ['s3:///p', undefined],
  ['https://b/p', undefined],
  ['file:///s3://b', undefined],
])('%j', (text, place) => {
  expect(parseS3Url(text)).toEqual(place);
});

test('the one spelling is its own spelling', () => {
  fc.assert(
    fc.property(fc.webPath(), path => {
      const place = parseS3Url(`S3://bucket${path}`);
      expect(place).toBeDefined();
      const { bucket, prefix, canonical } = place!;
      expect(parseS3Url(canonical)).toEqual({ bucket, prefix, canonical, key: prefix });
    }),
  );
});

test('a wrong URL of S3 is still meant to be one', () => {
  expect(isS3Url('S3:///')).toBe(true);
  expect(isS3Url('/s3://b')).toBe(false);
});
