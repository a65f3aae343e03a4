import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { checksumOf, composite } from '../../../src/lab/s3/protocol/checksums.ts';
import { nameOf, openBucket } from './fixture.ts';

const at = { Bucket: 'bkt', Key: 'big' };
const mib = 1024 * 1024;
const parts = [Buffer.alloc(5 * mib, 'a'), Buffer.alloc(5 * mib, 'b'), Buffer.from('the end')];

async function upload(
  s3: S3Client,
  pieces: Buffer[],
  more: { ChecksumAlgorithm?: ChecksumAlgorithm; ChecksumType?: 'FULL_OBJECT' } = {},
) {
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ ...at, ContentType: 'x/y', Metadata: { a: '1' }, ...more }),
  );
  const Parts = await Promise.all(
    pieces.map(async (Body, i) => {
      const PartNumber = i * 2 + 1;
      const { $metadata, ...answer } = await s3.send(
        new UploadPartCommand({
          ...at,
          UploadId,
          PartNumber,
          Body,
          ...(more.ChecksumAlgorithm && { ChecksumAlgorithm: more.ChecksumAlgorithm }),
        }),
      );
      return { ...answer, PartNumber };
    }),
  );
  return { ...at, UploadId, Parts };
}
const complete = ({ Parts, ...rest }: Awaited<ReturnType<typeof upload>>, s3: S3Client) =>
  s3.send(new CompleteMultipartUploadCommand({ ...rest, MultipartUpload: { Parts } }));

it('parts become one object with the ETag of their MD5s', async () => {
  const { lab, s3 } = await openBucket();
  const made = await upload(s3, parts);
  const { ETag } = await complete(made, s3);
  const md5 = (data: Buffer) => createHash('md5').update(data).digest();
  expect(ETag).toBe(`"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-3"`);
  const got = await s3.send(new GetObjectCommand(at));
  expect(got).toMatchObject({ ContentType: 'x/y', Metadata: { a: '1' }, ETag });
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat(parts))).toBe(true);
  const across = await s3.send(new GetObjectCommand({ ...at, Range: `bytes=${5 * mib - 2}-${5 * mib + 1}` }));
  expect(await across.Body?.transformToString()).toBe('aabb');
  const third = await s3.send(new GetObjectCommand({ ...at, PartNumber: 3 }));
  expect([third.PartsCount, await third.Body?.transformToString()]).toEqual([3, 'the end']);
  expect(await nameOf(complete(made, s3))).toBe('NoSuchUpload');
  expect(await readdir(join(lab.dir, 'buckets/bkt/uploads'))).toEqual([]);
});

it('is refused when a part is unknown, out of order or too small', async () => {
  const { s3 } = await openBucket();
  const made = await upload(s3, parts);
  const wrong = { ...made, Parts: [{ PartNumber: 1, ETag: '"0"' }] };
  expect(await nameOf(complete(wrong, s3))).toBe('InvalidPart');
  expect(await nameOf(complete({ ...made, Parts: made.Parts.toReversed() }, s3))).toBe('InvalidPartOrder');
  const small = await upload(s3, [Buffer.from('small'), Buffer.from('end')]);
  expect(await nameOf(complete(small, s3))).toBe('EntityTooSmall');
  expect(await nameOf(complete({ ...made, Key: 'other' }, s3))).toBe('NoSuchUpload');
  expect(await nameOf(s3.send(new HeadObjectCommand(at)))).toBe('NotFound');
});

it('a part that is sent again replaces the earlier one, and an abort leaves nothing', async () => {
  const { lab, s3 } = await openBucket();
  const { UploadId, Parts } = await upload(s3, [parts[2]!]);
  const again = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'other' }));
  const { Parts: listed } = await s3.send(new ListPartsCommand({ ...at, UploadId }));
  expect(listed).toMatchObject([{ PartNumber: 1, ETag: again.ETag, Size: 5 }]);
  expect(listed?.[0]?.ETag).not.toBe(Parts[0]?.ETag);
  await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
  expect(await nameOf(s3.send(new ListPartsCommand({ ...at, UploadId })))).toBe('NoSuchUpload');
  expect(await readdir(join(lab.dir, 'blobs'))).toEqual([]);
});

it.each(['CRC32', 'SHA256'] as const)(
  "%s of the whole is that of the parts' checksums",
  async ChecksumAlgorithm => {
    const { s3 } = await openBucket();
    const made = await upload(s3, parts, { ChecksumAlgorithm });
    const expected = composite(
      ChecksumAlgorithm,
      parts.map(part => checksumOf(ChecksumAlgorithm, part)),
    );
    expect(await complete(made, s3)).toMatchObject({
      [`Checksum${ChecksumAlgorithm}`]: expected,
      ChecksumType: 'COMPOSITE',
    });
    expect(expected).toMatch(/-3$/);
  },
);

it('a full-object checksum is that of the content', async () => {
  const { s3 } = await openBucket();
  const made = await upload(s3, parts, { ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' });
  const expected = checksumOf('CRC32C', Buffer.concat(parts));
  expect(await complete(made, s3)).toMatchObject({ ChecksumCRC32C: expected, ChecksumType: 'FULL_OBJECT' });
});

it('parts can be copied from objects', async () => {
  const { s3 } = await openBucket();
  await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key: 'source', Body: '0123456789' }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  const copied = await s3.send(
    new UploadPartCopyCommand({
      ...at,
      UploadId,
      PartNumber: 1,
      CopySource: 'bkt/source',
      CopySourceRange: 'bytes=2-5',
    }),
  );
  await complete({ ...at, UploadId, Parts: [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }] }, s3);
  expect(await (await s3.send(new GetObjectCommand(at))).Body?.transformToString()).toBe('2345');
});

it('uploads and parts are listed in pages', async () => {
  const { lab, s3 } = await openBucket();
  const expected: string[] = [];
  for (const Key of ['a', 'b', 'b', 'dir/x']) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: 'bkt', Key }));
    lab.clock.time += 1;
    expected.push(`${Key} ${UploadId}`);
  }
  const seen: string[] = [];
  let next: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (let more = true; more; ) {
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket: 'bkt', MaxUploads: 1, ...next }));
    seen.push(...(page.Uploads ?? []).map(each => `${each.Key} ${each.UploadId}`));
    more = page.IsTruncated ?? false;
    next = { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' };
  }
  expect(seen).toEqual(expected);
  const made = await upload(s3, [Buffer.from('1'), Buffer.from('2'), Buffer.from('3')]);
  const page = await s3.send(
    new ListPartsCommand({ ...at, UploadId: made.UploadId, PartNumberMarker: '1', MaxParts: 1 }),
  );
  expect([page.Parts?.map(each => each.PartNumber), page.IsTruncated, page.NextPartNumberMarker]).toEqual([
    [3],
    true,
    '3',
  ]);
});
