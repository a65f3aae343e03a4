import fc from 'fast-check';
import Value from 'typebox/value';
import { expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { parseRepositoryUrl, type RepositoryUrl } from '../../src/replication/model/repository-url.ts';
import { repositoryMistakes, repositorySchema } from '../../src/resources/shared/repository-property.ts';

test.each([
  ['S3://dr/vms/', 's3://dr/vms'],
  ['s3://DR', 's3://DR'],
  ['file:///mnt//nas/repo/', 'file:///mnt/nas/repo'],
  ['FILE:///mnt/./nas/x/../repo', 'file:///mnt/nas/repo'],
  ['file:///mnt/n%61s', 'file:///mnt/nas'],
  ['file:///mnt/nas%20b', 'file:///mnt/nas b'],
])('%s is %s', (url, canonical) => {
  expect(parseRepositoryUrl(url)).toMatchObject({ canonical, written: url });
});

test.each(['ftp://x', '/mnt/nas', 'file:/mnt', ''])('%j is no URL of a repository', url => {
  expect(() => parseRepositoryUrl(url)).toThrow('is not a repository URL');
});

test.each([
  ['file:///mnt/a%20b/', { posix: '/mnt/a b/' }],
  ['file:///C:/dr', { posix: '/C:/dr', windows: 'C:\\dr' }],
  ['file://nas/dr', { windows: '\\\\nas\\dr' }],
  ['file:///mnt/%', {}],
])('%s names the folder %j', (url, folder) => {
  expect(parseRepositoryUrl(url)).toMatchObject({ kind: 'file', folder });
  expect(Object.keys(folder)).toEqual(Object.keys((parseRepositoryUrl(url) as { folder: object }).folder));
});

test('a value is plain data, and its URL as written gives it again', () => {
  fc.assert(
    fc.property(fc.constantFrom('s3://b', 'S3://B/', 'file://', 'FILE:///'), fc.webPath(), (start, path) => {
      let url: RepositoryUrl;
      try {
        url = parseRepositoryUrl(start + path);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        return;
      }
      expect(JSON.parse(JSON.stringify(url))).toEqual(url);
      expect(parseRepositoryUrl(url.written)).toEqual(url);
    }),
  );
});

test('what the pattern of a manifest lets pass is a mistake at its value', () => {
  const repository = 's3://b/.. ';
  expect(valid(repository)).toEqual([true, true]);
  const said = (pointer: string) => [
    { pointer, code: 'repository-url', message: expect.stringContaining('`..`') },
  ];
  expect(repositoryMistakes({ repository })).toMatchObject(said('/repository'));
  expect(repositoryMistakes({ repository: { url: repository } })).toMatchObject(said('/repository/url'));
});

const valid = (url: string) => [Value.Check(repositorySchema, url), Value.Check(repositorySchema, { url })];

test.each([
  ['s3://b/q//r', 's3://b/q/r', 'an empty part'],
  ['s3://b//r', 's3://b/r', 'an empty part'],
  ['S3://b/r//', 's3://b/r', 'an empty part'],
  ['s3://b/./r', 's3://b/r', '`.`'],
  ['s3://b/q/..', 's3://b/q', '`..`'],
])('%s is refused, in a manifest and on the command line', (url, meant, what) => {
  expect(() => parseRepositoryUrl(url)).toThrow(what);
  expect(() => parseRepositoryUrl(url)).toThrow(
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
  expect(() => parseRepositoryUrl(url)).not.toThrow();
  expect(valid(url)).toEqual([true, true]);
});
