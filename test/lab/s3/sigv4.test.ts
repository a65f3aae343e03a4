import { describe, expect, it } from 'vitest';
import {
  amzDate,
  credentials,
  openBucket,
  type RawRequest,
  raw,
  region,
  send,
  signature,
} from './fixture.ts';

const minute = 60_000;

async function put(change: Partial<RawRequest> = {}) {
  const { lab } = await openBucket();
  return raw(lab.url, { method: 'PUT', path: '/bkt/key', body: 'content', ...change });
}

describe('the signature in the header', () => {
  it('lets in whoever holds the secret', async () => {
    expect((await put()).status).toBe(200);
  });

  it.each<[string, Partial<RawRequest>, number, string]>([
    ['no signature', { anonymous: true }, 403, 'AccessDenied'],
    ['a key id nobody has', { accessKeyId: 'OTHER' }, 403, 'InvalidAccessKeyId'],
    ['another secret', { secret: 'guessed' }, 403, 'SignatureDoesNotMatch'],
    ['another region', { scopeRegion: 'us-west-2' }, 400, 'AuthorizationHeaderMalformed'],
    [
      'an x-amz- header that is not signed',
      { headers: { 'x-amz-meta-a': '1' }, unsigned: ['x-amz-meta-a'] },
      403,
      'AccessDenied',
    ],
    ['a host that is not signed', { unsigned: ['host'] }, 403, 'AccessDenied'],
    ['a clock 16 minutes slow', { time: Date.now() - 16 * minute }, 403, 'RequestTimeTooSkewed'],
    ['a clock 16 minutes fast', { time: Date.now() + 16 * minute }, 403, 'RequestTimeTooSkewed'],
  ])('refuses %s', async (_, change, status, code) => {
    expect(await put(change)).toMatchObject({ status, code });
  });

  it('bears a clock 14 minutes off', async () => {
    expect((await put({ time: Date.now() - 14 * minute })).status).toBe(200);
  });

  it('covers path, query and every signed header', async () => {
    const { lab } = await openBucket();
    const time = Date.now();
    const headers = {
      'x-amz-date': amzDate(time),
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      range: 'bytes=0-1',
    };
    const path = '/bkt/a%20b%2Bc?response-expires=x&versionId=null';
    const signed = signature(lab.url, { path, time }, headers, 'UNSIGNED-PAYLOAD');
    const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${signed.scope},SignedHeaders=${signed.signedHeaders},Signature=${signed.signature}`;
    const ask = async (otherPath: string, other: Record<string, string> = {}) =>
      (await send(lab.url, 'GET', otherPath, { ...headers, authorization, ...other })).code;
    expect(await ask(path)).toBe('NoSuchVersion');
    expect(await ask('/bkt/a%20b%2Bd?response-expires=x&versionId=null')).toBe('SignatureDoesNotMatch');
    expect(await ask('/bkt/a%20b%2Bc?response-expires=y&versionId=null')).toBe('SignatureDoesNotMatch');
    expect(await ask(path, { range: 'bytes=0-2' })).toBe('SignatureDoesNotMatch');
  });

  it('names the right region, so that clients can find it', async () => {
    const answer = await put({ scopeRegion: 'us-west-2' });
    expect(answer.body.toString()).toContain(`<Region>${region}</Region>`);
  });
});

describe('a presigned URL', () => {
  function presign(url: string, path: string, seconds: number, time = Date.now(), method = 'GET') {
    const date = amzDate(time);
    const credential = encodeURIComponent(
      `${credentials.accessKeyId}/${date.slice(0, 8)}/${region}/s3/aws4_request`,
    );
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${date}&X-Amz-Expires=${seconds}&X-Amz-SignedHeaders=host`;
    const { signature: made } = signature(
      url,
      { method, path: `${path}?${query}`, time },
      {},
      'UNSIGNED-PAYLOAD',
    );
    return `${path}?${query}&X-Amz-Signature=${made}`;
  }

  it('writes and reads without a header', async () => {
    const { lab } = await openBucket();
    const write = presign(lab.url, '/bkt/key', 60, Date.now(), 'PUT');
    expect((await send(lab.url, 'PUT', write, { 'content-length': '5' }, 'hello')).status).toBe(200);
    expect((await send(lab.url, 'GET', presign(lab.url, '/bkt/key', 60), {})).body.toString()).toBe('hello');
  });

  it('ends when its time is over, or never began', async () => {
    const { lab } = await openBucket();
    const ask = async (path: string) => (await send(lab.url, 'GET', path, {})).code;
    expect(await ask(presign(lab.url, '/bkt/key', 60, Date.now() - 2 * minute))).toBe('AccessDenied');
    expect(await ask(presign(lab.url, '/bkt/key', 60, Date.now() + 20 * minute))).toBe('AccessDenied');
    expect(await ask(presign(lab.url, '/bkt/key', 604_801))).toBe('AuthorizationQueryParametersError');
    expect(await ask(presign(lab.url, '/bkt/key', 60).replace('/bkt/key', '/bkt/other'))).toBe(
      'SignatureDoesNotMatch',
    );
  });
});

it('follows the clock it was given', async () => {
  const { lab } = await openBucket();
  lab.clock.time += 3_600_000;
  expect((await raw(lab.url, { path: '/bkt' })).code).toBe('RequestTimeTooSkewed');
  expect((await raw(lab.url, { path: '/bkt', time: lab.clock.time })).status).toBe(200);
});

it('takes the bucket from the host name too', async () => {
  const { lab } = await openBucket();
  const { port } = new URL(lab.url);
  const host = `bkt.localhost:${port}`;
  const time = Date.now();
  const headers = { 'x-amz-date': amzDate(time), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const path = '/?list-type=2';
  const signed = signature(`http://${host}`, { path, time }, headers, 'UNSIGNED-PAYLOAD');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${signed.scope}, SignedHeaders=${signed.signedHeaders}, Signature=${signed.signature}`;
  const answer = await send(lab.url, 'GET', path, { ...headers, host, authorization });
  expect(answer.body.toString()).toContain('<Name>bkt</Name>');
});
