import { request } from 'node:http';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/lab/s3/protocol/sigv4.ts';
import { amzDate, credentials, nameOf, openBucket, signature } from './fixture.ts';

const at = { Bucket: 'bkt', Key: 'head' };

describe('of sixteen writers at once exactly one wins', () => {
  const many = Array.from({ length: 16 }, (_, i) => String(i));
  const winner = (answers: string[]) => {
    expect(answers.filter(each => each === 'resolved')).toHaveLength(1);
    expect(answers.filter(each => each === 'PreconditionFailed')).toHaveLength(15);
    return String(answers.indexOf('resolved'));
  };

  it('with If-None-Match: *', async () => {
    const { s3 } = await openBucket();
    const answers = await Promise.all(
      many.map(Body => nameOf(s3.send(new PutObjectCommand({ ...at, Body, IfNoneMatch: '*' })))),
    );
    const { Body } = await s3.send(new GetObjectCommand(at));
    expect(await Body?.transformToString()).toBe(winner(answers));
  });

  it("with If-Match, and the content is the winner's", async () => {
    const { s3 } = await openBucket();
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'before' }));
    const answers = await Promise.all(
      many.map(Body => nameOf(s3.send(new PutObjectCommand({ ...at, Body, IfMatch: ETag })))),
    );
    const { Body } = await s3.send(new GetObjectCommand(at));
    expect(await Body?.transformToString()).toBe(winner(answers));
  });

  it('completing multipart uploads', async () => {
    const { s3 } = await openBucket();
    const uploads = await Promise.all(
      many.map(async Body => {
        const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
        const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body }));
        return { ...at, UploadId, IfNoneMatch: '*', MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
      }),
    );
    winner(await Promise.all(uploads.map(each => nameOf(s3.send(new CompleteMultipartUploadCommand(each))))));
  });

  it('deleting', async () => {
    const { s3 } = await openBucket();
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }));
    const answers = await Promise.all(
      many.map(() => nameOf(s3.send(new DeleteObjectCommand({ ...at, IfMatch: ETag })))),
    );
    expect(answers.filter(each => each === 'resolved')).toHaveLength(1);
  });
});

it('If-Match on what is not there is a 404, with another ETag a 412', async () => {
  const { s3 } = await openBucket();
  const put = () => nameOf(s3.send(new PutObjectCommand({ ...at, Body: 'x', IfMatch: '"other"' })));
  expect(await put()).toBe('NoSuchKey');
  await s3.send(new PutObjectCommand({ ...at, Body: 'y' }));
  expect(await put()).toBe('PreconditionFailed');
  expect(await nameOf(s3.send(new DeleteObjectCommand({ ...at, IfMatch: '"other"' })))).toBe(
    'PreconditionFailed',
  );
  expect((await s3.send(new HeadObjectCommand(at))).ContentLength).toBe(1);
});

it('a condition with an ETag needs quotes nowhere and * anywhere', async () => {
  const { s3 } = await openBucket();
  const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }));
  const put = (IfMatch: string) => nameOf(s3.send(new PutObjectCommand({ ...at, Body: 'x', IfMatch })));
  expect(await put(ETag?.replaceAll('"', '') ?? '')).toBe('resolved');
  expect(await put('*')).toBe('resolved');
  expect(await nameOf(s3.send(new PutObjectCommand({ ...at, Body: 'x', IfNoneMatch: ETag })))).toBe(
    'NotImplemented',
  );
});

it('a delete while a conditional write is under way makes it a 409', async () => {
  const { lab, s3 } = await openBucket();
  const { ETag = '' } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }));
  const time = Date.now();
  const body = 'later';
  const headers = { 'if-match': ETag, 'x-amz-date': amzDate(time), 'x-amz-content-sha256': sha256Hex(body) };
  const signed = signature(lab.url, { method: 'PUT', path: '/bkt/head', time }, headers, sha256Hex(body));
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${signed.scope}, SignedHeaders=${signed.signedHeaders}, Signature=${signed.signature}`;
  const { hostname, port } = new URL(lab.url);
  const outgoing = request({
    hostname,
    port,
    method: 'PUT',
    path: '/bkt/head',
    agent: false,
    headers: { ...headers, authorization, 'content-length': body.length, expect: '100-continue' },
  });
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.on('response', response => resolve(response.resume().statusCode ?? 0)).on('error', reject);
  });
  // The server asks for the body once it has begun with the request.
  await new Promise<void>(resolve => outgoing.on('continue', resolve).flushHeaders());
  await s3.send(new DeleteObjectCommand(at));
  outgoing.end(body);
  expect(await answered).toBe(409);
  expect(await nameOf(s3.send(new HeadObjectCommand(at)))).toBe('NotFound');
});
