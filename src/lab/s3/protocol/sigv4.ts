import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { errors, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';

/**
 * Signature version 4 as S3 checks it: header and presigned. Source: "Authenticating Requests
 * (AWS Signature Version 4)" in the Amazon S3 API reference.
 */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What the chunk signatures of a streamed body go on from. */
export interface Signature {
  signingKey: KeyObject;
  /** `20260102T030405Z` */
  date: string;
  /** `20260102/eu-west-1/s3/aws4_request` */
  scope: string;
  /** Hex. */
  seed: string;
  /** Value of x-amz-content-sha256, or UNSIGNED-PAYLOAD for a presigned request without it. */
  payload: string;
}

const fifteenMinutes = 15 * 60_000;
const algorithm = 'AWS4-HMAC-SHA256';

export const hmac = (key: string | Buffer | KeyObject, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();
export const sha256Hex = (data: string | Buffer): string => hash('sha256', data);

/** RFC 3986 as SigV4 wants it: everything but unreserved characters, upper-case hex. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const keys = new Map<string, KeyObject>();
const mostKeys = 16;

/** Of a scope. It is the same all day, and making one costs as much as the rest of a request. */
export function signingKey(secret: string, scope: string): KeyObject {
  const name = `${secret} ${scope}`;
  const known = keys.get(name);
  if (known) return known;
  const [day = '', region = '', service = '', terminator = ''] = scope.split('/');
  const made = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), terminator);
  // As the system has keys: bytes would be made into one for each request.
  const key = createSecretKey(made);
  if (keys.size >= mostKeys) keys.clear();
  keys.set(name, key);
  return key;
}

export function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** `20260102T030405Z` to milliseconds, or NaN. */
const parseAmzDate = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

interface Parts {
  accessKeyId: string;
  scope: string;
  signedHeaders: string[];
  signature: string;
  date: string;
  payload: string;
  presigned: boolean;
}

function headerParts(request: S3Request, header: string): Parts {
  const fields = new Map(
    header
      .slice(algorithm.length)
      .split(',')
      .map(field => {
        const at = field.indexOf('=');
        return [field.slice(0, at).trim(), field.slice(at + 1).trim()] as const;
      }),
  );
  const credential = fields.get('Credential') ?? '';
  const signature = fields.get('Signature');
  const signed = fields.get('SignedHeaders');
  if (!header.startsWith(algorithm) || !credential.includes('/') || !signature || !signed) {
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      'The authorization header that you provided is not valid.',
    );
  }
  const payload = request.headers.get('x-amz-content-sha256');
  if (payload === undefined) {
    throw errors.invalidRequest('Missing required header for this request: x-amz-content-sha256');
  }
  return {
    accessKeyId: credential.slice(0, credential.indexOf('/')),
    scope: credential.slice(credential.indexOf('/') + 1),
    signedHeaders: signed.split(';'),
    signature,
    date: request.headers.get('x-amz-date') ?? '',
    payload,
    presigned: false,
  };
}

function queryParts(request: S3Request): Parts {
  const get = (name: string) => {
    const value = request.query.get(`X-Amz-${name}`);
    if (value) return value;
    throw new S3Error(
      400,
      'AuthorizationQueryParametersError',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  };
  const credential = get('Credential');
  get('Expires');
  return {
    accessKeyId: credential.slice(0, credential.indexOf('/')),
    scope: credential.slice(credential.indexOf('/') + 1),
    signedHeaders: get('SignedHeaders').split(';'),
    signature: get('Signature'),
    date: get('Date'),
    payload: request.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    presigned: true,
  };
}

function checkTime(parts: Parts, request: S3Request, now: number): void {
  const time = parseAmzDate(parts.date);
  if (Number.isNaN(time))
    throw errors.accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  const serverTime = new Date(now).toISOString();
  if (parts.presigned) {
    const seconds = Number(request.query.get('X-Amz-Expires'));
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > 604_800) {
      throw new S3Error(
        400,
        'AuthorizationQueryParametersError',
        'X-Amz-Expires must be between 0 and 604800 seconds',
      );
    }
    if (now > time + seconds * 1000) throw errors.accessDenied('Request has expired');
    if (time > now + fifteenMinutes) throw errors.accessDenied('Request is not yet valid');
    return;
  }
  if (Math.abs(now - time) > fifteenMinutes) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { RequestTime: parts.date, ServerTime: serverTime, MaxAllowedSkewMilliseconds: '900000' },
    );
  }
}

function checkScope(parts: Parts, region: string): void {
  const [day, scopeRegion, service, terminator] = parts.scope.split('/');
  const code = parts.presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  const malformed = (why: string, extra: Record<string, string> = {}) =>
    new S3Error(400, code, `The authorization header is malformed; ${why}`, extra);
  if (scopeRegion !== region) {
    throw malformed(`the region '${scopeRegion}' is wrong; expecting '${region}'`, { Region: region });
  }
  if (service !== 's3') throw malformed(`incorrect service "${service}". This endpoint belongs to "s3".`);
  if (terminator !== 'aws4_request') throw malformed(`incorrect terminal "${terminator}".`);
  if (day !== parts.date.slice(0, 8)) throw malformed(`Invalid credential date "${day}".`);
}

function canonicalRequest(request: S3Request, parts: Parts): string {
  const path = request.rawPath
    .split('/')
    .map(part => uriEncode(decodeURIComponent(part)))
    .join('/');
  const query = [...request.query]
    .filter(([name]) => !(parts.presigned && name === 'X-Amz-Signature'))
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headers = parts.signedHeaders
    .map(name => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}\n`)
    .join('');
  return [request.method, path, query, headers, parts.signedHeaders.join(';'), parts.payload].join('\n');
}

/** S3 wants the host, and every x-amz- header that is there, to be signed. */
function checkSignedHeaders(request: S3Request, parts: Parts): void {
  const unsigned = [...request.headers.keys()].filter(
    name =>
      (name === 'host' ||
        (name.startsWith('x-amz-') && !(parts.presigned && name === 'x-amz-content-sha256'))) &&
      !parts.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new S3Error(
      403,
      'AccessDenied',
      'There were headers present in the request which were not signed',
      {
        HeadersNotSigned: unsigned.join(', '),
      },
    );
  }
}

/**
 * Checks who sent the request and when. `now` in milliseconds since the epoch. Throws S3Error:
 * AccessDenied without a signature, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed,
 * AuthorizationHeaderMalformed for a wrong region.
 */
export function verifySignature(
  request: S3Request,
  credentials: Credentials,
  region: string,
  now: number,
): Signature {
  const header = request.headers.get('authorization');
  if (header === undefined && !request.query.has('X-Amz-Algorithm')) throw errors.accessDenied();
  const parts = header !== undefined ? headerParts(request, header) : queryParts(request);
  if (parts.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: parts.accessKeyId },
    );
  }
  checkScope(parts, region);
  checkTime(parts, request, now);
  checkSignedHeaders(request, parts);
  const key = signingKey(credentials.secretAccessKey, parts.scope);
  const canonical = canonicalRequest(request, parts);
  const toSign = [algorithm, parts.date, parts.scope, sha256Hex(canonical)].join('\n');
  const expected = hmac(key, toSign).toString('hex');
  if (!sameText(expected, parts.signature)) {
    throw new S3Error(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      {
        AWSAccessKeyId: parts.accessKeyId,
        StringToSign: toSign,
        SignatureProvided: parts.signature,
        CanonicalRequest: canonical,
      },
    );
  }
  return { signingKey: key, date: parts.date, scope: parts.scope, seed: expected, payload: parts.payload };
}
