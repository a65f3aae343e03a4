import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { nameOf, openBucket } from './fixture.ts';

const Bucket = 'bkt';
const at = { Bucket, Key: 'k' };

const set = (s3: S3Client, Status: 'Enabled' | 'Suspended') =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = async (s3: S3Client, Body: string) =>
  (await s3.send(new PutObjectCommand({ ...at, Body }))).VersionId;
const read = async (s3: S3Client, VersionId?: string) =>
  (await s3.send(new GetObjectCommand({ ...at, ...(VersionId && { VersionId }) }))).Body?.transformToString();

it('what was there before versioning is the version null', async () => {
  const { s3 } = await openBucket();
  expect(await put(s3, 'old')).toBeUndefined();
  await set(s3, 'Enabled');
  const newer = await put(s3, 'new');
  expect(newer).toMatch(/^\S{20,}$/);
  expect([await read(s3), await read(s3, 'null'), await read(s3, newer)]).toEqual(['new', 'old', 'new']);
  expect(await nameOf(read(s3, 'unknown'))).toBe('NoSuchVersion');
});

it('a delete hides, and deleting the marker shows again', async () => {
  const { s3 } = await openBucket();
  await set(s3, 'Enabled');
  const first = await put(s3, 'x');
  const { DeleteMarker, VersionId: marker } = await s3.send(new DeleteObjectCommand(at));
  expect(DeleteMarker).toBe(true);
  expect(await nameOf(read(s3))).toBe('NoSuchKey');
  expect(await nameOf(read(s3, marker))).toBe('MethodNotAllowed');
  expect(await read(s3, first)).toBe('x');
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents).toBeUndefined();
  const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions).toMatchObject([{ Key: 'k', IsLatest: false, VersionId: first }]);
  expect(DeleteMarkers).toMatchObject([{ Key: 'k', IsLatest: true, VersionId: marker }]);
  expect(await s3.send(new DeleteObjectCommand({ ...at, VersionId: marker }))).toMatchObject({
    DeleteMarker: true,
  });
  expect(await read(s3)).toBe('x');
});

it('while suspended, the version null is replaced and the others stay', async () => {
  const { s3 } = await openBucket();
  await set(s3, 'Enabled');
  const kept = await put(s3, 'kept');
  await set(s3, 'Suspended');
  expect(await put(s3, 'null 1')).toBe('null');
  expect(await put(s3, 'null 2')).toBe('null');
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions?.map(each => each.VersionId)).toEqual(['null', kept]);
  await s3.send(new DeleteObjectCommand(at));
  expect(await nameOf(read(s3, 'null'))).toBe('MethodNotAllowed');
  expect(await read(s3, kept)).toBe('kept');
});

it('If-None-Match: * succeeds above a delete marker', async () => {
  const { s3 } = await openBucket();
  await set(s3, 'Enabled');
  await put(s3, 'x');
  await s3.send(new DeleteObjectCommand(at));
  await s3.send(new PutObjectCommand({ ...at, Body: 'again', IfNoneMatch: '*' }));
  expect(await read(s3)).toBe('again');
});
