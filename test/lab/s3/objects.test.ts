import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { nameOf, openBucket, raw } from './fixture.ts';

const Bucket = 'bkt';

describe('an object', () => {
  it('is given back with all that was said about it', async () => {
    const { lab, s3 } = await openBucket();
    const at = { Bucket, Key: 'a/ü b+c&d=%41' };
    const said = {
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'inline',
      Metadata: { vm: 'dc02' },
    };
    const put = await s3.send(
      new PutObjectCommand({ ...at, Body: 'hello', ...said, Tagging: 'a=1&b=2%203' }),
    );
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const got = await s3.send(new GetObjectCommand(at));
    expect(got).toMatchObject({
      ...said,
      ETag: put.ETag,
      ContentLength: 5,
      TagCount: 2,
      ServerSideEncryption: 'AES256',
    });
    expect(await got.Body?.transformToString()).toBe('hello');
    expect(got.LastModified?.getTime()).toBe(Math.floor(lab.clock.time / 1000) * 1000);
    expect(got.VersionId).toBeUndefined();
    expect(await s3.send(new HeadObjectCommand(at))).toMatchObject({ ...said, ContentLength: 5 });
    const { TagSet } = await s3.send(new GetObjectTaggingCommand(at));
    expect(TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2 3' },
    ]);
  });

  it('is replaced, deleted, and not there', async () => {
    const { s3 } = await openBucket();
    const at = { Bucket, Key: 'k' };
    const read = async () => (await s3.send(new GetObjectCommand(at))).Body?.transformToString();
    await s3.send(new PutObjectCommand({ ...at, Body: 'one' }));
    await s3.send(new PutObjectCommand({ ...at, Body: 'two' }));
    expect(await read()).toBe('two');
    await s3.send(new DeleteObjectCommand(at));
    expect(await nameOf(read())).toBe('NoSuchKey');
    expect(await nameOf(s3.send(new HeadObjectCommand(at)))).toBe('NotFound');
    expect(await nameOf(s3.send(new DeleteObjectCommand(at)))).toBe('resolved');
  });

  it('may be empty, and its key may have 1024 bytes', async () => {
    const { lab, s3 } = await openBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'e', Body: Buffer.alloc(0), ContentLength: 0 }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'e' }))).ContentLength).toBe(0);
    expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: 'e' }))).Body?.transformToString()).toBe(
      '',
    );
    expect((await raw(lab.url, { method: 'PUT', path: `/bkt/${'k'.repeat(1024)}` })).status).toBe(200);
    expect((await raw(lab.url, { method: 'PUT', path: `/bkt/${'k'.repeat(1025)}` })).code).toBe(
      'KeyTooLongError',
    );
  });

  it('never escapes its folder, whatever its key', async () => {
    const { s3 } = await openBucket();
    for (const Key of ['../../../etc/x', 'a/../../b', '..', 'nul', 'a\u0000b', 'Aa', 'aA']) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    }
    expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: '..' }))).Body?.transformToString()).toBe(
      '..',
    );
    expect(await (await s3.send(new GetObjectCommand({ Bucket, Key: 'aA' }))).Body?.transformToString()).toBe(
      'aA',
    );
  });

  it('is read in ranges', async () => {
    const { s3 } = await openBucket();
    const at = { Bucket, Key: 'k' };
    await s3.send(new PutObjectCommand({ ...at, Body: '0123456789' }));
    const range = async (Range: string) => {
      const answer = await s3.send(new GetObjectCommand({ ...at, Range }));
      return [answer.$metadata.httpStatusCode, answer.ContentRange, await answer.Body?.transformToString()];
    };
    expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await range('bytes=8-100')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await range('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await range('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await range('bytes=5-2')).toEqual([200, undefined, '0123456789']);
    expect(await range('bytes=0-1,3-4')).toEqual([200, undefined, '0123456789']);
    for (const beyond of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
      expect(await nameOf(range(beyond))).toBe('InvalidRange');
    }
  });

  it('is read on conditions', async () => {
    const { lab, s3 } = await openBucket();
    const at = { Bucket, Key: 'k' };
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }));
    const before = new Date(lab.clock.time - 60_000);
    const after = new Date(lab.clock.time + 60_000);
    const head = (condition: object) =>
      s3.send(new HeadObjectCommand({ ...at, ...condition })).then(
        () => 200,
        error => error.$metadata.httpStatusCode,
      );
    expect(await head({ IfMatch: ETag })).toBe(200);
    expect(await head({ IfMatch: '"other"' })).toBe(412);
    expect(await head({ IfNoneMatch: ETag })).toBe(304);
    expect(await head({ IfNoneMatch: '"other"' })).toBe(200);
    expect(await head({ IfModifiedSince: before })).toBe(200);
    expect(await head({ IfModifiedSince: after })).toBe(304);
    expect(await head({ IfUnmodifiedSince: before })).toBe(412);
    expect(await head({ IfMatch: ETag, IfUnmodifiedSince: before })).toBe(200);
    expect(await head({ IfNoneMatch: '"other"', IfModifiedSince: after })).toBe(200);
  });

  it('is copied with or without what was said about it', async () => {
    const { s3 } = await openBucket();
    const source = { Bucket, Key: 'from/ü' };
    const CopySource = `bkt/${encodeURIComponent('from/ü')}`;
    await s3.send(new PutObjectCommand({ ...source, Body: 'x', Metadata: { a: '1' }, Tagging: 't=1' }));
    const copy = (Key: string, more: object = {}) =>
      s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));
    const { CopyObjectResult } = await copy('same');
    await copy('other', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
    const same = await s3.send(new GetObjectCommand({ Bucket, Key: 'same' }));
    expect(same).toMatchObject({ Metadata: { a: '1' }, ETag: CopyObjectResult?.ETag, TagCount: 1 });
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'other' }))).Metadata).toEqual({ b: '2' });
    await s3.send(new DeleteObjectCommand(source));
    expect(await same.Body?.transformToString()).toBe('x');
    expect(
      await (await s3.send(new GetObjectCommand({ Bucket, Key: 'same' }))).Body?.transformToString(),
    ).toBe('x');
    expect(await nameOf(copy('again'))).toBe('NoSuchKey');
    const onto = new CopyObjectCommand({ Bucket, Key: 'same', CopySource: 'bkt/same' });
    expect(await nameOf(s3.send(onto))).toBe('InvalidRequest');
    expect(
      await nameOf(
        s3.send(
          new CopyObjectCommand({ Bucket, Key: 'z', CopySource: 'bkt/same', CopySourceIfMatch: '"other"' }),
        ),
      ),
    ).toBe('PreconditionFailed');
  });

  it('gets new tags without getting new content', async () => {
    const { s3 } = await openBucket();
    const at = { Bucket, Key: 'k' };
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }));
    const TagSet = [{ Key: 'a', Value: '<1>' }];
    await s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet } }));
    expect((await s3.send(new GetObjectTaggingCommand(at))).TagSet).toEqual(TagSet);
    expect((await s3.send(new HeadObjectCommand(at))).ETag).toBe(ETag);
  });

  it('goes with many others at once', async () => {
    const { lab, s3 } = await openBucket();
    for (const Key of ['a', ' b ', 'c']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const Objects = [{ Key: 'a' }, { Key: ' b ' }, { Key: 'never' }, { Key: 'c', ETag: '"other"' }];
    const answer = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(answer.Deleted?.map(each => each.Key)).toEqual(['a', ' b ', 'never']);
    expect(answer.Errors?.map(each => [each.Key, each.Code])).toEqual([['c', 'PreconditionFailed']]);
    expect(await nameOf(s3.send(new HeadObjectCommand({ Bucket, Key: ' b ' })))).toBe('NotFound');
    const body = '<Delete><Object><Key>c</Key></Object></Delete>';
    expect((await raw(lab.url, { method: 'POST', path: '/bkt?delete', body })).code).toBe('InvalidRequest');
  });
});
