import { createHash } from 'node:crypto';
import {
  type Announced,
  announcedChecksum,
  checkLength,
  type Hasher,
  hasher,
  headerOf,
} from './checksums.ts';
import { decodeChunked } from './chunked.ts';
import { errors, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Signature } from './sigv4.ts';

/** What is known of a body once all of it has been read and every check has passed. */
export interface Received {
  /** Bytes, decoded. */
  size: number;
  /** Hex MD5, which is the ETag of an object put at once. */
  md5: string;
  /** Base64. */
  checksum?: { algorithm: Announced['algorithm']; value: string };
}

/** The longest XML document that is read, bytes. DeleteObjects with 1000 long keys fits. */
const longestDocument = 4 * 1024 * 1024;

async function* raw(request: S3Request): AsyncGenerator<Buffer> {
  // Ending the iteration early must not destroy the socket: the error still has to be answered.
  for await (const chunk of request.message.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
}

function checkMd5(header: string | undefined, md5: Buffer): void {
  if (header === undefined) return;
  const given = Buffer.from(header, 'base64');
  if (given.length !== 16)
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
  if (!given.equals(md5)) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
      ExpectedDigest: header,
      CalculatedDigest: md5.toString('base64'),
    });
  }
}

function checkPayloadHash(expected: string, hash: Hasher): void {
  const actual = hash.digest().toString('hex');
  if (actual === expected) return;
  throw new S3Error(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: actual },
  );
}

function expectedSize(headers: ReadonlyMap<string, string>, chunked: boolean): number | undefined {
  const name = chunked ? 'x-amz-decoded-content-length' : 'content-length';
  const text = headers.get(name);
  if (text === undefined) {
    if (!chunked && headers.get('transfer-encoding') === undefined) return 0;
    throw new S3Error(411, 'MissingContentLength', `You must provide the ${name} HTTP header.`);
  }
  return Number(text);
}

/**
 * Reads the body of a request through `sink`, checking size, payload hash, chunk signatures,
 * Content-MD5 and x-amz-checksum-*. Throws S3Error; what `sink` has got by then is worthless.
 */
export async function receive(
  request: S3Request,
  signature: Signature,
  sink: (piece: Buffer) => Promise<void> | void,
): Promise<Received> {
  const { headers } = request;
  const { payload } = signature;
  const streaming = payload.startsWith('STREAMING-');
  if (
    streaming &&
    !/^STREAMING-(AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?|UNSIGNED-PAYLOAD-TRAILER)$/.test(payload)
  ) {
    throw errors.notImplemented(`x-amz-content-sha256: ${payload}`);
  }
  if (!streaming && payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload)) {
    throw errors.invalidArgument(
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.',
      'x-amz-content-sha256',
      payload,
    );
  }
  const announced = announcedChecksum(headers);
  const size = expectedSize(headers, streaming);
  const signed = payload.startsWith('STREAMING-AWS4') ? signature : undefined;
  const chunked = streaming ? decodeChunked(raw(request), signed) : undefined;

  const md5 = createHash('md5');
  const sha256 = streaming || payload === 'UNSIGNED-PAYLOAD' ? undefined : createHash('sha256');
  const checksum = announced && hasher(announced.algorithm);
  let received = 0;
  for await (const piece of chunked?.data ?? raw(request)) {
    received += piece.length;
    md5.update(piece);
    sha256?.update(piece);
    checksum?.update(piece);
    await sink(piece);
  }

  if (received !== size) {
    throw new S3Error(
      400,
      'IncompleteBody',
      'The request body does not have the size that its headers announce.',
    );
  }
  if (sha256) checkPayloadHash(payload, sha256);
  const digest = md5.digest();
  checkMd5(headers.get('content-md5'), digest);
  const result: Received = { size: received, md5: digest.toString('hex') };
  if (!announced || !checksum) return result;
  const value = checksum.digest().toString('base64');
  const given = announced.trailer ? chunked?.trailers.get(headerOf(announced.algorithm)) : announced.value;
  if (announced.trailer && given === undefined) {
    throw new S3Error(
      400,
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    );
  }
  if (given !== undefined) {
    checkLength(announced.algorithm, given);
    if (given !== value) throw errors.badDigest(announced.algorithm);
  }
  return { ...result, checksum: { algorithm: announced.algorithm, value } };
}

/** The whole body as text, for documents. */
export async function receiveText(request: S3Request, signature: Signature): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  await receive(request, signature, piece => {
    length += piece.length;
    if (length > longestDocument) throw errors.malformedXml();
    pieces.push(piece);
  });
  return Buffer.concat(pieces).toString('utf8');
}
