import { ApiError } from '../aws-model/error.ts';
import { type Credentials, hmac, sameText, sha256Hex, signingKey, uriEncode } from '../s3/protocol/sigv4.ts';

/** A request as its signature covers it. */
export interface SignedRequest {
  method: string;
  /** As it came, percent-encoded. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>;
  /** SHA-256 of the body, hex. */
  digest(): string;
}

const algorithm = 'AWS4-HMAC-SHA256';
const fifteenMinutes = 15 * 60_000;
const unsigned = 'UNSIGNED-PAYLOAD';

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&');

/**
 * Checks who sent a request, and when, and gives the service of its credential scope. Source: "Create a
 * signed AWS API request" of the IAM user guide. Unlike S3, the path is encoded once more, and the payload's
 * hash is that of the body; EBS direct alone leaves its blocks unsigned. `now` in milliseconds since the
 * epoch. Throws ApiError.
 */
export function signedService(
  { method, path, query, headers, digest }: SignedRequest,
  credentials: Credentials,
  region: string,
  now: number,
): string {
  const header = headers.get('authorization');
  if (header === undefined)
    throw new ApiError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const field = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1] ?? '';
  const [keyId = '', ...scopeParts] = field('Credential').split('/');
  const [day = '', scopeRegion = '', service = ''] = scopeParts;
  const signed = field('SignedHeaders').split(';');
  if (!header.startsWith(algorithm) || scopeParts.length !== 4 || !signed.includes('host'))
    throw new ApiError('IncompleteSignatureException', 'The Authorization header is not whole.');
  if (keyId !== credentials.accessKeyId)
    throw new ApiError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  const date = headers.get('x-amz-date') ?? '';
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(time - now) <= fifteenMinutes) || !date.startsWith(day))
    throw new ApiError('InvalidSignatureException', `Signature expired: ${date}`);
  if (scopeRegion !== region)
    throw new ApiError('InvalidSignatureException', 'Credential should be scoped to a valid region.');
  const canonical = [
    method,
    path.split('/').map(uriEncode).join('/'),
    canonicalQuery(query),
    ...signed.map(name => `${name}:${(headers.get(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signed.join(';'),
    service === 'ebs' && headers.get('x-amz-content-sha256') === unsigned ? unsigned : digest(),
  ].join('\n');
  const scope = scopeParts.join('/');
  const text = [algorithm, date, scope, sha256Hex(canonical)].join('\n');
  const expected = hmac(signingKey(credentials.secretAccessKey, scope), text).toString('hex');
  if (sameText(expected, field('Signature'))) return service;
  throw new ApiError(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  );
}
