import { fork } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { credentials, nameOf, openBucket, openLab, raw, region, temporaryDir } from './fixture.ts';

const Bucket = 'bkt';
const text = async (s3: S3Client, Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

it('everything that was answered is there after a restart', async () => {
  const { lab, s3 } = await openBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'ü/k', Body: 'content', Metadata: { a: '1' } }));
  const at = { Bucket, Key: 'big' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'part' }));
  await lab.plantForeignBucket('theirs');
  await lab.close();

  const again = (await openLab({ dir: lab.dir })).sdk();
  expect(await text(again, 'ü/k')).toBe('content');
  expect((await again.send(new HeadObjectCommand({ Bucket, Key: 'ü/k' }))).Metadata).toEqual({ a: '1' });
  expect((await again.send(new ListPartsCommand({ ...at, UploadId }))).Parts).toHaveLength(1);
  expect(await nameOf(again.send(new ListObjectsV2Command({ Bucket: 'theirs' })))).toBe('AccessDenied');
});

it('what a kill left half-written is swept on the next start', async () => {
  const { lab, s3 } = await openBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'content' }));
  await lab.close();
  const [blob = ''] = await readdir(join(lab.dir, 'blobs'));
  await writeFile(join(lab.dir, 'tmp/half'), 'conte');
  await writeFile(join(lab.dir, 'blobs/never-named'), 'other');
  const again = (await openLab({ dir: lab.dir })).sdk();
  expect(await text(again, 'k')).toBe('content');
  expect(await readdir(join(lab.dir, 'blobs'))).toEqual([blob]);
  expect(await readdir(join(lab.dir, 'tmp'))).toEqual([]);
});

it('a refused or overwritten body leaves nothing on disk', async () => {
  const { lab, s3 } = await openBucket();
  await raw(lab.url, {
    method: 'PUT',
    path: '/bkt/k',
    body: 'x',
    headers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
  });
  expect(await readdir(join(lab.dir, 'blobs'))).toEqual([]);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '1' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '2' }));
  await nameOf(s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '3', IfNoneMatch: '*' })));
  const blobs = await readdir(join(lab.dir, 'blobs'));
  expect(await Promise.all(blobs.map(each => readFile(join(lab.dir, 'blobs', each), 'utf8')))).toEqual(['2']);
  expect(await readdir(join(lab.dir, 'tmp'))).toEqual([]);
});

it('keeps what it answered when its process is killed in the middle of writes', async () => {
  const dir = await temporaryDir();
  const child = fork(join(import.meta.dirname, 'killable-lab.ts'), [dir], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) =>
    child.once('message', m => resolve(String(m))).once('exit', reject),
  );
  const exited = new Promise(resolve => child.once('exit', resolve));
  const s3 = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  onTestFinished(() => s3.destroy());
  const answered: string[] = [];
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const Key = `${writer}/${i}`;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(100_000, Key) }));
      answered.push(Key);
      if (answered.length === 40) child.kill('SIGKILL');
    }
  });
  await Promise.allSettled(writers);
  await exited;

  const again = (await openLab({ dir })).sdk();
  for (const Key of answered) {
    const body = await text(again, Key);
    expect(body === Buffer.alloc(100_000, Key).toString()).toBe(true);
  }
  const listed = (await again.send(new ListObjectsV2Command({ Bucket }))).Contents ?? [];
  expect(listed.every(each => each.Size === 100_000)).toBe(true);
  expect(await readdir(join(dir, 'blobs'))).toHaveLength(listed.length);
});
