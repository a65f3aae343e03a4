import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isS3Url, parseS3Object, parseS3Prefix } from '../../src/values/s3-url.ts';

test.each([
  ['s3://b', { bucket: 'b', prefix: '', url: 's3://b' }],
  ['S3://Bucket/', { bucket: 'Bucket', prefix: '', url: 's3://Bucket' }],
  [' s3://b/P/q/ ', { bucket: 'b', prefix: 'P/q', url: 's3://b/P/q' }],
  ['s3:///p', undefined],
  ['https://b/p', undefined],
  ['file:///s3://b', undefined],
])('the prefix %j', (text, place) => {
  expect(parseS3Prefix(text)).toEqual(place);
});

test.each([
  ['s3://b/k', { bucket: 'b', key: 'k' }],
  ['S3://b/a/K/', { bucket: 'b', key: 'a/K/' }],
  ['s3://b/', undefined],
  ['s3://b', undefined],
])('the object %j', (text, object) => {
  expect(parseS3Object(text)).toEqual(object);
});

test('the one spelling is its own spelling', () => {
  fc.assert(
    fc.property(fc.webPath(), path => {
      const place = parseS3Prefix(`S3://bucket${path}`);
      expect(place).toBeDefined();
      expect(parseS3Prefix(place!.url)).toEqual(place);
    }),
  );
});

test('a wrong URL of S3 is still meant to be one', () => {
  expect(isS3Url('S3:///')).toBe(true);
  expect(isS3Url('/s3://b')).toBe(false);
});
