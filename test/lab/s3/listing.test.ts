import {
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formEncode, listPage } from '../../../src/lab/s3/objects/list-page.ts';
import { compareUtf8, SortedMap } from '../../../src/lab/s3/objects/order.ts';
import { nameOf, openBucket } from './fixture.ts';

const Bucket = 'bkt';

/** Few letters, so that prefixes and delimiters meet; beyond the BMP, so that the order matters. */
const keys = fc.uniqueArray(
  fc
    .array(fc.constantFrom('a', 'b', '/', 'ﬀ', '𝒳'), { minLength: 1, maxLength: 5 })
    .map(each => each.join('')),
  { maxLength: 40 },
);

/** What a listing is, said without pages. */
function model(names: string[], prefix: string, delimiter: string, after: string) {
  const out: string[] = [];
  for (const name of names.toSorted(compareUtf8)) {
    if (!name.startsWith(prefix) || compareUtf8(name, after) <= 0) continue;
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const shown = at < 0 ? name : name.slice(0, at + delimiter.length);
    if (shown !== out.at(-1)) out.push(shown);
  }
  return out;
}

describe('paging', () => {
  it('gives what the model gives, page by page', () => {
    fc.assert(
      fc.property(
        keys,
        fc.constantFrom('', 'a', 'a/', '𝒳'),
        fc.constantFrom('', '/', 'a'),
        fc.integer({ min: 1, max: 7 }),
        (names, prefix, delimiter, max) => {
          const map = new SortedMap<number>();
          for (const [i, name] of names.entries()) map.set(name, i);
          const seen: string[] = [];
          let after = '';
          for (let pages = 0; ; pages++) {
            expect(pages).toBeLessThanOrEqual(names.length);
            const page = listPage(from => map.from(from), { prefix, delimiter, after, max });
            const shown = [...page.items.map(([key]) => key), ...page.prefixes].sort(compareUtf8);
            expect(shown.length).toBeLessThanOrEqual(max);
            seen.push(...shown);
            if (page.next === undefined) break;
            expect(shown).toHaveLength(max);
            after = page.next;
          }
          expect(seen).toEqual(model(names, prefix, delimiter, ''));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('starts after any text', () => {
    fc.assert(
      fc.property(keys, fc.array(fc.constantFrom('a', 'b', 'ﬀ', '𝒳')), (names, letters) => {
        const after = letters.join('');
        const map = new SortedMap<number>();
        for (const name of names) map.set(name, 0);
        const page = listPage(from => map.from(from), { prefix: '', delimiter: '', after, max: 1000 });
        expect(page.items.map(([key]) => key)).toEqual(model(names, '', '', after));
      }),
    );
  });

  it('a sorted map is a map', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 2 }))), steps => {
        const sorted = new SortedMap<number>();
        const plain = new Map<string, number>();
        for (const [i, [add, name]] of steps.entries()) {
          if (add) sorted.set(name, i);
          else sorted.delete(name);
          if (add) plain.set(name, i);
          else plain.delete(name);
        }
        expect([...sorted.from('')]).toEqual([...plain].sort(([a], [b]) => compareUtf8(a, b)));
      }),
    );
  });
});

describe('over the wire', () => {
  const put = async (s3: S3Client, names: string[]) => {
    for (const Key of names) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  };

  it('version 2 pages with tokens and counts prefixes', async () => {
    const { s3 } = await openBucket();
    await put(s3, ['a/1', 'a/2', 'b', 'c/1', 'd']);
    const seen = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket,
          Delimiter: '/',
          MaxKeys: 2,
          ...(ContinuationToken && { ContinuationToken }),
        }),
      );
      seen.push([
        page.KeyCount,
        page.CommonPrefixes?.map(each => each.Prefix),
        page.Contents?.map(each => each.Key),
      ]);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(seen).toEqual([
      [2, ['a/'], ['b']],
      [2, ['c/'], ['d']],
    ]);
    const after = await s3.send(
      new ListObjectsV2Command({ Bucket, StartAfter: 'b', MaxKeys: 1, FetchOwner: true }),
    );
    expect(after.Contents).toMatchObject([
      { Key: 'c/1', Size: 3, StorageClass: 'STANDARD', Owner: { DisplayName: 'lab' } },
    ]);
    expect(after.IsTruncated).toBe(true);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }))).IsTruncated).toBe(false);
    expect(await nameOf(s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: -1 })))).toBe('InvalidArgument');
  });

  it('version 1 gives a marker only with a delimiter', async () => {
    const { s3 } = await openBucket();
    await put(s3, ['a/1', 'b/1', 'c']);
    const first = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }));
    expect(first.NextMarker).toBe('a/');
    const second = await s3.send(
      new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1, Marker: 'a/' }),
    );
    expect(second.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    const plain = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 1 }));
    expect([plain.IsTruncated, plain.NextMarker]).toEqual([true, undefined]);
  });

  it('encodes keys when asked, which XML needs for control characters', async () => {
    const { s3 } = await openBucket();
    await put(s3, ['a b/(ü)+&\u0007']);
    const page = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));
    expect(page.Contents?.[0]?.Key).toBe('a+b/%28%C3%BC%29%2B%26%07');
    expect(formEncode('a*b~c')).toBe('a*b~c');
  });

  it('versions come newest first and page within a key', async () => {
    const { s3 } = await openBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await put(s3, ['a', 'b', 'b', 'b', 'c/1', 'c/2', 'd']);
    const seen: (string | undefined)[] = [];
    let next: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (let more = true; more; ) {
      const page = await s3.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, Delimiter: '/', ...next }),
      );
      seen.push(
        ...(page.Versions ?? []).map(each => `${each.Key}${each.IsLatest ? '*' : ''}`),
        ...(page.CommonPrefixes ?? []).map(each => each.Prefix),
      );
      more = page.IsTruncated ?? false;
      next = {
        ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
        ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
      };
    }
    expect(seen.sort()).toEqual(['a*', 'b', 'b', 'b*', 'c/', 'd*']);
  });
});
