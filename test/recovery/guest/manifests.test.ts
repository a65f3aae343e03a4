import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryFiles } from '../../../src/io/memory-files.ts';
import { digestOf, readManifestFiles } from '../../../src/recovery/guest/manifests.ts';

const read = (entries: Record<string, string | Buffer>, path = '/m') =>
  readManifestFiles(
    memoryFiles('/', new Map(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)]))),
    path,
    join,
  );

test('all below the folder, but for what begins with a dot', async () => {
  const found = await read({
    'm/web.yaml': 'a',
    'm/modules/x/module.yaml': 'b',
    'm/.git/HEAD': 'c',
    'm/.converge.yaml': 'd',
    'other.yaml': 'e',
  });
  expect([...found.keys()].sort()).toEqual(['modules/x/module.yaml', 'web.yaml']);
  expect([...(await read({ 'm/web.yaml': 'a', 'm/b.yaml': 'b' }, '/m/web.yaml'))]).toEqual([
    ['web.yaml', Buffer.from('a')],
  ]);
});

test.for<[string, Record<string, string | Buffer>, RegExp]>([
  ['nothing there', { 'other/x': '' }, /no file or folder \/m/],
  ['hidden files alone', { 'm/.x': '' }, /holds no files/],
  ['too much', { 'm/a': Buffer.alloc(200_000), 'm/b': Buffer.alloc(200_000) }, /more than 256 KiB/],
  ['too many', Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`m/${n}`, ''])), /more than 200/],
  ['too deep', { [`m/${'d/'.repeat(9)}x`]: '' }, /more than 8 deep/],
])('%s is refused', async ([, entries, message]) => {
  await expect(read(entries)).rejects.toThrow(message);
});

test('the digest does not hang on the order in which a file system lists them, and tells every change', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/);
  const files = fc.uniqueArray(fc.tuple(name, fc.string()), { minLength: 1, selector: ([key]) => key });
  fc.assert(
    fc.property(files, fc.string(), (all, other) => {
      const of = (entries: typeof all) => new Map(entries.map(([key, text]) => [key, Buffer.from(text)]));
      const digest = digestOf(of(all));
      expect(digestOf(of(all.toReversed()))).toBe(digest);
      const [first, ...rest] = all as [(typeof all)[number], ...typeof all];
      fc.pre(!Buffer.from(other).equals(Buffer.from(first[1])));
      expect(digestOf(of([[first[0], other], ...rest]))).not.toBe(digest);
      expect(digestOf(of(rest))).not.toBe(digest);
    }),
  );
});
