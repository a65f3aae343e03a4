import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { awsSnapshots } from '../../src/aws/recovery/snapshots.ts';
import { SNAPSHOT_BLOCK } from '../../src/recovery/model/snapshots.ts';
import { InstantClock, realRandom } from '../lab/s3/fixture.ts';
import { diagnosticOf } from './fixture.ts';

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Answers with these one after the other, then with 201 as to a block that it took. */
async function ebs(...answers: Answer[]) {
  const taken: { url: string; headers: IncomingHttpHeaders; sha256: string }[] = [];
  const server = createServer(async (message, response) => {
    const hash = createHash('sha256');
    for await (const piece of message) hash.update(piece as Buffer);
    taken.push({ url: message.url ?? '', headers: message.headers, sha256: hash.digest('hex') });
    const { status, headers = {}, body = '{}' } = answers.shift() ?? { status: 201 };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => new Promise(closed => server.close(() => closed())));
  const connection = await connectRecovery({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind`,
    clock: new InstantClock(),
    random: realRandom,
  });
  onTestFinished(() => connection.close());
  const { put, get } = awsSnapshots(connection);
  return {
    taken,
    get: () => get('snap-0123', 7, 'token'),
    put: (index: number) => {
      const bytes = Buffer.alloc(SNAPSHOT_BLOCK, index);
      return put('snap-0123', index, bytes, createHash('sha256').update(bytes).digest());
    },
  };
}

test('what follows the first block is asked for as the SDK asks for that', async () => {
  const { put, taken } = await ebs();
  for (const index of [1, 2, 3]) await put(index);
  const [first, ...others] = taken;
  const named = ({ headers }: (typeof taken)[number]) =>
    Object.keys(headers)
      .filter(name => !/^amz-sdk-/.test(name))
      .sort();
  const signed = ({ headers }: (typeof taken)[number]) =>
    /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.replaceAll(/amz-sdk-[a-z-]+;/g, '');
  expect(others).toHaveLength(2);
  for (const one of others) {
    expect(named(one)).toEqual(named(first!));
    expect(signed(one)).toEqual(signed(first!));
  }
  for (const [n, { url, headers, sha256 }] of taken.entries()) {
    expect(url).toBe(`/behind/snapshots/snap-0123/blocks/${n + 1}`);
    expect(headers).toMatchObject({
      'content-length': String(SNAPSHOT_BLOCK),
      'x-amz-data-length': String(SNAPSHOT_BLOCK),
      'x-amz-checksum': Buffer.from(sha256, 'hex').toString('base64'),
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-content-sha256': sha256,
      'x-amz-security-token': 'session',
    });
  }
});

test.each([1, 2])(
  'block %i that a snapshot does not take any more, and one that is asked for later',
  async nth => {
    const fine = { status: 201 };
    const throttled = {
      status: 400,
      headers: { 'x-amzn-errortype': 'RequestThrottledException:http://internal.amazon.com/' },
      body: '{"Message":"Rate exceeded","Reason":"ACCOUNT_THROTTLED"}',
    };
    const over = {
      status: 400,
      headers: { 'x-amzn-errortype': 'ValidationException' },
      body: '{"Message":"The snapshot is completed.","Reason":"INVALID_SNAPSHOT_ID"}',
    };
    const { put, taken } = await ebs(...[fine, fine].slice(0, nth - 1), throttled, over);
    for (let index = 1; index < nth; index++) await put(index);
    expect(await diagnosticOf(put(nth))).toMatchObject({ code: 'snapshot-not-pending' });
    expect(taken).toHaveLength(nth + 1);
  },
);

test.each([1, 2])('block %i is refused with a reason that is told', async nth => {
  const refused = {
    status: 403,
    headers: { 'x-amzn-errortype': 'AccessDeniedException' },
    body: '{"Message":"not you","Reason":"UNAUTHORIZED_ACCOUNT"}',
  };
  const { put } = await ebs(...[{ status: 201 }].slice(0, nth - 1), refused);
  for (let index = 1; index < nth; index++) await put(index);
  expect(await diagnosticOf(put(nth))).toMatchObject({
    code: 'aws-access-denied',
    message: expect.stringContaining('ebs:PutSnapshotBlock'),
  });
});

test('a block that is read has to be what its checksum says', async () => {
  const answer = (of: string): Answer => ({
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-checksum': createHash('sha256').update(of).digest('base64'),
      'x-amz-checksum-algorithm': 'SHA256',
    },
    body: 'as it was',
  });
  const { get } = await ebs(answer('as it was'), answer('as it was not'));
  expect((await get()).toString()).toBe('as it was');
  expect(await diagnosticOf(get())).toMatchObject({
    code: 'block-garbled',
    message: expect.stringContaining('block 7 of snapshot snap-0123'),
  });
});
