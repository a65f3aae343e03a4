import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  type ChecksumAlgorithm,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { algorithms, checksumOf } from '../../../src/lab/s3/protocol/checksums.ts';
import { Crc64Nvme, crc32c } from '../../../src/lab/s3/protocol/crc.ts';
import { hmac, sha256Hex } from '../../../src/lab/s3/protocol/sigv4.ts';
import { nameOf, openBucket, type RawRequest, raw, type Signed } from './fixture.ts';

describe('CRCs', () => {
  it('give the published check values for 123456789', () => {
    const check = Buffer.from('123456789');
    expect(crc32c(check).toString(16)).toBe('e3069283');
    const crc = new Crc64Nvme();
    crc.update(check);
    expect(crc.digest().toString('hex')).toBe('ae8b14860a799888');
  });

  it('are the same in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32c(b, crc32c(a))).toBe(crc32c(Buffer.concat([a, b])));
      }),
    );
  });
});

describe('a body is checked before it counts', () => {
  async function put(change: Partial<RawRequest>) {
    const { lab, s3 } = await openBucket();
    const answer = await raw(lab.url, { method: 'PUT', path: '/bkt/key', body: 'content', ...change });
    const stored = await nameOf(s3.send(new HeadObjectCommand({ Bucket: 'bkt', Key: 'key' })));
    expect(stored).toBe(answer.status === 200 ? 'resolved' : 'NotFound');
    return answer;
  }
  const md5 = (text: string) => createHash('md5').update(text).digest('base64');

  it.each<[string, Partial<RawRequest>, string | undefined]>([
    ['its own hash', {}, undefined],
    ['another hash', { payload: sha256Hex('other') }, 'XAmzContentSHA256Mismatch'],
    ['no hash', { payload: 'nonsense' }, 'InvalidArgument'],
    ['its own MD5', { headers: { 'content-md5': md5('content') } }, undefined],
    ['another MD5', { headers: { 'content-md5': md5('other') } }, 'BadDigest'],
    ['no MD5', { headers: { 'content-md5': 'AAAA' } }, 'InvalidDigest'],
    ['a checksum of the wrong length', { headers: { 'x-amz-checksum-sha256': 'AAAA' } }, 'InvalidRequest'],
    [
      'two checksums',
      { headers: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' } },
      'InvalidRequest',
    ],
  ])('announced with %s', async (_, change, code) => {
    expect((await put(change)).code).toBe(code);
  });

  it.each(algorithms)('with a wrong %s is refused as BadDigest', async algorithm => {
    const headers = {
      [`x-amz-checksum-${algorithm.toLowerCase()}`]: checksumOf(algorithm, Buffer.from('other')),
    };
    expect((await put({ headers })).code).toBe('BadDigest');
  });

  it.each(algorithms)('with %s is given back with it', async algorithm => {
    const { s3 } = await openBucket();
    const at = { Bucket: 'bkt', Key: 'key' };
    await s3.send(
      new PutObjectCommand({ ...at, Body: 'content', ChecksumAlgorithm: algorithm as ChecksumAlgorithm }),
    );
    const expected = {
      [`Checksum${algorithm}`]: checksumOf(algorithm, Buffer.from('content')),
      ChecksumType: 'FULL_OBJECT',
    };
    expect(await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }))).toMatchObject(expected);
    const answer = await s3.send(new GetObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(answer).toMatchObject(expected);
    expect(await answer.Body?.transformToString()).toBe('content');
  });
});

describe('aws-chunked', () => {
  const body = Buffer.alloc(200_000, 'lab');
  const zero = sha256Hex('');

  /** The coding, signed when `signed` is given. */
  function encode(pieces: Buffer[], signed?: Signed, trailer?: string, forge = false): Buffer {
    let previous = signed?.signature ?? '';
    const sign = (label: string, ...rest: string[]) => {
      if (!signed) return '';
      const text = [label, signed.date, signed.scope, previous, ...rest].join('\n');
      previous = hmac(signed.key, text).toString('hex');
      return previous;
    };
    const out: (string | Buffer)[] = [];
    for (const piece of [...pieces, Buffer.alloc(0)]) {
      const made = sign('AWS4-HMAC-SHA256-PAYLOAD', zero, sha256Hex(piece));
      const shown = forge && piece === pieces[1] ? '0'.repeat(64) : made;
      out.push(`${piece.length.toString(16)}${signed ? `;chunk-signature=${shown}` : ''}\r\n`, piece);
      if (piece.length > 0) out.push('\r\n');
    }
    if (trailer !== undefined) {
      out.push(`${trailer}\r\n`);
      const made = sign('AWS4-HMAC-SHA256-TRAILER', sha256Hex(`${trailer}\n`));
      if (signed) out.push(`x-amz-trailer-signature:${made}\r\n`);
    }
    out.push('\r\n');
    return Buffer.concat(out.map(each => Buffer.from(each)));
  }
  const pieces = [body.subarray(0, 65_536), body.subarray(65_536, 131_072), body.subarray(131_072)];
  const crcOf = (data: Buffer) => {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(crc32(data));
    return out.toString('base64');
  };

  async function put(
    payload: string,
    make: (signed: Signed) => Buffer,
    headers: Record<string, string> = {},
  ) {
    const { lab, s3 } = await openBucket();
    const answer = await raw(lab.url, {
      method: 'PUT',
      path: '/bkt/key',
      payload,
      headers: {
        'content-encoding': 'gzip,aws-chunked',
        'x-amz-decoded-content-length': String(body.length),
        ...headers,
      },
      sign: make,
    });
    if (answer.status !== 200) return answer.code;
    const stored = await s3.send(new GetObjectCommand({ Bucket: 'bkt', Key: 'key' }));
    expect(stored.ContentEncoding).toBe('gzip');
    expect(Buffer.from((await stored.Body?.transformToByteArray()) ?? [])).toEqual(body);
    return 'stored';
  }
  const trailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
  const good = `x-amz-checksum-crc32:${crcOf(body)}`;
  const bad = `x-amz-checksum-crc32:${crcOf(pieces[0]!)}`;

  it('with signed chunks is stored decoded', async () => {
    expect(await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', signed => encode(pieces, signed))).toBe('stored');
  });
  it('with one forged chunk is refused', async () => {
    const forged = (signed: Signed) => encode(pieces, signed, undefined, true);
    expect(await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', forged)).toBe('SignatureDoesNotMatch');
  });
  it('with chunks that are not signed at all is refused', async () => {
    expect(await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', () => encode(pieces))).toBe(
      'SignatureDoesNotMatch',
    );
  });
  it('with a signed trailer is stored', async () => {
    const make = (signed: Signed) => encode(pieces, signed, good);
    expect(await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', make, trailer)).toBe('stored');
  });
  it('with a forged trailer signature is refused', async () => {
    const make = (signed: Signed) =>
      Buffer.from(
        encode(pieces, signed, good)
          .toString('latin1')
          .replace(/(trailer-signature:).{4}/, '$10000'),
        'latin1',
      );
    expect(await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', make, trailer)).toBe(
      'SignatureDoesNotMatch',
    );
  });
  it('without chunk signatures is stored when its trailer is right, and refused when it is wrong or missing', async () => {
    const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    expect(await put(payload, () => encode(pieces, undefined, good), trailer)).toBe('stored');
    expect(await put(payload, () => encode(pieces, undefined, bad), trailer)).toBe('BadDigest');
    expect(await put(payload, () => encode(pieces), trailer)).toBe('MalformedTrailerError');
  });
  it('must have the size it announces', async () => {
    const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    expect(await put(payload, () => encode(pieces.slice(0, 2), undefined, bad), trailer)).toBe(
      'IncompleteBody',
    );
    expect(await put(payload, () => encode(pieces, undefined, good).subarray(0, 150_000), trailer)).toBe(
      'IncompleteBody',
    );
  });

  it('is what the SDK sends for a stream', async () => {
    const { s3 } = await openBucket();
    const at = { Bucket: 'bkt', Key: 'stream' };
    await s3.send(new PutObjectCommand({ ...at, Body: Readable.from(pieces), ContentLength: body.length }));
    const stored = await s3.send(new GetObjectCommand(at));
    expect(Buffer.from((await stored.Body?.transformToByteArray()) ?? [])).toEqual(body);
    expect(stored.ContentEncoding).toBeUndefined();
  });
});
