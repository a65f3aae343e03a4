import { type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import type { Clock, Random } from '../../../src/io/ports.ts';
import { hmac, sha256Hex, signingKey, uriEncode } from '../../../src/lab/s3/protocol/sigv4.ts';
import { type S3Lab, startS3 } from '../../../src/lab/s3/server.ts';

export const credentials = { accessKeyId: 'LABKEY', secretAccessKey: 'lab/secret' };
export const region = 'eu-west-1';

/** Starts at the real time, which the SDK signs with; sleeping only moves it on. */
export class InstantClock implements Clock {
  time = Date.now();
  readonly slept: number[] = [];
  now() {
    return this.time;
  }
  async sleep(ms: number, signal?: AbortSignal) {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.time += ms;
  }
}

export const realRandom: Random = { bytes: randomBytes, uuid: randomUUID };

export interface TestLab extends S3Lab {
  dir: string;
  clock: InstantClock;
  /** The SDK as it is by default, without retries. */
  sdk(config?: S3ClientConfig): S3Client;
}

export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'converge-s3-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A lab of its own for one test. */
export async function openLab(
  options: { dir?: string; clock?: InstantClock; region?: string } = {},
): Promise<TestLab> {
  const dir = options.dir ?? (await temporaryDir());
  const clock = options.clock ?? new InstantClock();
  const lab = await startS3({
    dir,
    clock,
    credentials,
    region: options.region ?? region,
    random: realRandom,
  });
  onTestFinished(() => lab.close());
  const sdk = (config: S3ClientConfig = {}) => {
    const client = new S3Client({
      endpoint: lab.url,
      region: options.region ?? region,
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
      ...config,
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  return { ...lab, dir, clock, sdk };
}

/** A lab with a bucket `bkt`. */
export async function openBucket(options: Parameters<typeof openLab>[0] = {}) {
  const lab = await openLab(options);
  const s3 = lab.sdk();
  await s3.send(
    new CreateBucketCommand({ Bucket: 'bkt', CreateBucketConfiguration: { LocationConstraint: region } }),
  );
  return { lab, s3 };
}

export interface RawRequest {
  method?: string;
  /** As it goes over the wire, with the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Value of x-amz-content-sha256; default the body's. */
  payload?: string;
  secret?: string;
  accessKeyId?: string;
  scopeRegion?: string;
  time?: number;
  /** Headers to leave out of the signature. */
  unsigned?: string[];
  /** Sent without any Authorization. */
  anonymous?: boolean;
  /** The body, made with what was signed. */
  sign?: (signed: Signed) => string | Buffer;
}
export interface Signed {
  key: KeyObject;
  date: string;
  scope: string;
  signature: string;
}

export const amzDate = (ms: number) => `${new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')}`;

const canonicalQuery = (query: string) =>
  query
    .split('&')
    .filter(each => each !== '')
    .map(each => (each.includes('=') ? each : `${each}=`))
    .sort()
    .join('&');

export function signature(
  url: string,
  {
    method = 'GET',
    path,
    secret = credentials.secretAccessKey,
    scopeRegion = region,
    time = Date.now(),
  }: RawRequest,
  headers: Record<string, string>,
  payload: string,
  unsigned: string[] = [],
): Signed & { signedHeaders: string } {
  const [pathname = '/', query = ''] = path.split('?');
  const date = amzDate(time);
  const scope = `${date.slice(0, 8)}/${scopeRegion}/s3/aws4_request`;
  const all: Record<string, string> = { host: new URL(url).host, ...headers };
  const names = Object.keys(all)
    .filter(name => !unsigned.includes(name))
    .sort();
  const canonical = [
    method,
    pathname
      .split('/')
      .map(part => uriEncode(decodeURIComponent(part)))
      .join('/'),
    canonicalQuery(query),
    ...names.map(name => `${name}:${all[name]}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const key = signingKey(secret, scope);
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256Hex(canonical)].join('\n');
  return { key, date, scope, signedHeaders: names.join(';'), signature: hmac(key, text).toString('hex') };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** `<Code>` of an error document. */
  code: string | undefined;
}

/** One request over node:http, signed here unless told otherwise. */
export async function raw(url: string, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', path, body: given = '', anonymous } = request;
  const payload = request.payload ?? sha256Hex(given);
  const time = request.time ?? Date.now();
  const headers: Record<string, string> = {
    'x-amz-date': amzDate(time),
    'x-amz-content-sha256': payload,
    ...request.headers,
  };
  const signed = signature(url, { ...request, time }, headers, payload, request.unsigned);
  const body = request.sign?.(signed) ?? given;
  if (!anonymous) {
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${request.accessKeyId ?? credentials.accessKeyId}/${signed.scope}, SignedHeaders=${signed.signedHeaders}, Signature=${signed.signature}`;
  }
  return send(url, method, path, { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body);
}

export function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent: false }, incoming => {
      const pieces: Buffer[] = [];
      incoming.on('data', piece => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const code = /<Code>(\w+)<\/Code>/.exec(bytes.toString('latin1'))?.[1];
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes, code });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The S3 name of the error that `promise` rejects with. */
export const nameOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: { name?: string; Code?: string }) => error.Code ?? error.name ?? 'unnamed',
  );
