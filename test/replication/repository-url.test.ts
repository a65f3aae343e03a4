import Value from 'typebox/value';
import { expect, test } from 'vitest';
import { canonicalRepositoryUrl, refuseAmbiguousUrl } from '../../src/replication/model/repository-url.ts';
import { repositorySchema } from '../../src/resources/shared/repository-property.ts';

test.each([
  ['S3://dr/vms/', 's3://dr/vms'],
  ['s3://DR', 's3://DR'],
  ['file:///mnt//nas/repo/', 'file:///mnt/nas/repo'],
  ['FILE:///mnt/./nas/x/../repo', 'file:///mnt/nas/repo'],
  ['file:///mnt/n%61s', 'file:///mnt/nas'],
  ['file:///mnt/nas%20b', 'file:///mnt/nas b'],
  ['ftp://x', 'ftp://x'],
])('%s is %s', (url, canonical) => {
  expect(canonicalRepositoryUrl(url)).toBe(canonical);
});

const valid = (url: string) => [Value.Check(repositorySchema, url), Value.Check(repositorySchema, { url })];

test.each([
  ['s3://b/q//r', 's3://b/q/r', 'an empty part'],
  ['s3://b//r', 's3://b/r', 'an empty part'],
  ['S3://b/r//', 's3://b/r', 'an empty part'],
  ['s3://b/./r', 's3://b/r', '`.`'],
  ['s3://b/q/..', 's3://b/q', '`..`'],
])('%s is refused, in a manifest and on the command line', (url, meant, what) => {
  expect(() => refuseAmbiguousUrl(url)).toThrow(what);
  expect(() => refuseAmbiguousUrl(url)).toThrow(
    expect.objectContaining({
      diagnostics: [
        expect.objectContaining({ code: 'repository-url', hint: expect.stringContaining(meant) }),
      ],
    }),
  );
  expect(valid(url)).toEqual([false, false]);
});

test.each([
  's3://b',
  's3://b/',
  's3://b/q',
  's3://b/q/',
  's3://b/.hidden/..x/a b',
  'file:///a//b',
  'file:///a/../b',
])('%s is taken', url => {
  expect(() => refuseAmbiguousUrl(url)).not.toThrow();
  expect(valid(url)).toEqual([true, true]);
});
