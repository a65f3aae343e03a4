import { expect, test } from 'vitest';
import { selfUrl } from '../../src/bundle/self-url.ts';

test.each([
  ['s3://cust-deployment-data', 's3://cust-deployment-data/'],
  ['s3://cust.data/', 's3://cust.data/'],
  ['s3://bbb/web/eu_1', 's3://bbb/web/eu_1/'],
])('%s becomes %s', (given, expected) => {
  expect(selfUrl(given)).toBe(expected);
});

test.each([
  'https://bucket/',
  's3://',
  's3://b/',
  's3://Bucket/',
  's3://bucket/../other/',
  's3://bucket//x/',
  's3://bucket/a b/',
  's3://bucket/$(x)/',
  "s3://bucket/'/",
  's3://bucket/"/',
  's3://bucket/%PATH%/',
  's3://bucket/a&b/',
  's3://bucket/a\nb/',
  's3://bucket/é/',
])('%j never reaches a script', url => {
  expect(() => selfUrl(url)).toThrow(/is not a URL that instances can be given/);
});
