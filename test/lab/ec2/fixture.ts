import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { onTestFinished } from 'vitest';
import { nodeHost } from '../../../src/io/node.ts';
import { type Lab, openLab } from '../../../src/lab/lab.ts';
import { hmac, sha256Hex, signingKey, uriEncode } from '../../../src/lab/s3/protocol/sigv4.ts';
import { scratch } from '../../support/cli.ts';

export const blockBytes = 524_288;

/** A lab of its own for one test, and the SDK's EC2 client for it. */
export async function ec2Lab(dir?: string) {
  const folder = dir ?? join(await scratch(), 'lab');
  const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url, maxAttempts: 1 });
  onTestFinished(() => ec2.destroy());
  return { lab, ec2, dir: folder, ebs: ebsDirect(lab) };
}

/** The code of an error, `none` without one. */
export const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'none',
    (error: { name: string }) => error.name,
  );

interface Sent {
  xml?: string;
  query?: Record<string, string | number>;
  headers?: Record<string, string | number>;
  json?: object;
  body?: Buffer;
}
export interface Answered {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
  body: Buffer;
}

/** Signed requests to a REST service of the lab, one by one: no client of anybody's is between. */
export function awsCall(lab: Lab, service: string) {
  const { region, s3 } = lab.settings;
  async function call(
    method: string,
    path: string,
    { query = {}, headers = {}, json, body, xml }: Sent = {},
  ): Promise<Answered> {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
    const url = new URL(lab.api.url);
    const search = Object.entries(query)
      .map(([name, value]) => `${uriEncode(name)}=${uriEncode(String(value))}`)
      .sort()
      .join('&');
    const payload = body ?? Buffer.from(json ? JSON.stringify(json) : (xml ?? ''));
    const hash = body ? 'UNSIGNED-PAYLOAD' : sha256Hex(payload);
    const signed: Record<string, string> = {
      host: url.host,
      'x-amz-date': date,
      'x-amz-content-sha256': hash,
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
      ),
    };
    const names = Object.keys(signed).sort();
    const canonical = [
      method,
      path.split('/').map(uriEncode).join('/'),
      search,
      ...names.map(name => `${name}:${signed[name]}`),
      '',
      names.join(';'),
      hash,
    ].join('\n');
    const text = ['AWS4-HMAC-SHA256', date, scope, sha256Hex(canonical)].join('\n');
    const signature = hmac(signingKey(s3.secretAccessKey, scope), text).toString('hex');
    const { host: _, ...sent } = signed;
    const response = await fetch(`${lab.api.url}${path}${search && `?${search}`}`, {
      method,
      headers: {
        ...sent,
        authorization: `AWS4-HMAC-SHA256 Credential=${s3.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
      },
      ...(method !== 'GET' && { body: payload }),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get('content-type') === 'application/json';
    return {
      status: response.status,
      headers: response.headers,
      body: answer,
      json: isJson ? JSON.parse(answer.toString()) : {},
    };
  }
  return call;
}

/** EBS direct as its reference describes it. */
export function ebsDirect(lab: Lab) {
  const call = awsCall(lab, 'ebs');
  const sha256 = (data: Buffer | string) => Buffer.from(sha256Hex(data), 'hex').toString('base64');
  return {
    call,
    start: (json: object) => call('POST', '/snapshots', { json }),
    put: (id: string, index: number, body: Buffer, headers: Record<string, string | number> = {}) =>
      call('PUT', `/snapshots/${id}/blocks/${index}`, {
        body,
        headers: {
          'x-amz-Data-Length': body.length,
          'x-amz-Checksum': sha256(body),
          'x-amz-Checksum-Algorithm': 'SHA256',
          ...headers,
        },
      }),
    complete: (id: string, count: number, headers: Record<string, string | number> = {}) =>
      call('POST', `/snapshots/completion/${id}`, {
        headers: { 'x-amz-ChangedBlocksCount': count, ...headers },
      }),
    list: (id: string, query: Record<string, string | number> = {}) =>
      call('GET', `/snapshots/${id}/blocks`, { query }),
    changed: (id: string, query: Record<string, string | number> = {}) =>
      call('GET', `/snapshots/${id}/changedblocks`, { query }),
    get: (id: string, index: number, blockToken: string) =>
      call('GET', `/snapshots/${id}/blocks/${index}`, { query: { blockToken } }),
  };
}

/** A block of one byte's repetition. */
export const blockOf = (byte: number): Buffer => Buffer.alloc(blockBytes, byte);

/** A block 0 with GRUB's MBR, whose first partition is active: readiness knows nothing against it. */
export function bootBlock(): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write('GRUB', 384, 'latin1');
  block[446] = 0x80;
  block[450] = 0x83;
  block.writeUInt32LE(2048, 454);
  block.writeUInt16LE(0xaa55, 510);
  return block;
}
