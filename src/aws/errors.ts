import { type Diagnostic, Failure, given, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { isPassingProxyFailure } from '../network/failures.ts';

/**
 * What an error of a call means for trying again:
 * `refused` it did not reach the service; `throttled` the service wants less, nothing was done;
 * `lost` it may or may not have been done; `final` the service answered, and would again.
 */
export type ErrorClass = 'refused' | 'throttled' | 'lost' | 'final';

interface Fields {
  name?: string;
  Code?: string;
  code?: string;
  errno?: number;
  message?: string;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  $response?: { headers?: Record<string, string>; byProxy?: string };
  /** Words for the proxy that was to pass the request on. */
  byProxy?: string;
  Region?: string;
  StorageClass?: string;
}

const fieldsOf = (error: unknown): Fields => (typeof error === 'object' && error !== null ? error : {});

/** S3's name of the error: `NoSuchKey`, or the bare status for an answer without a body. */
export function codeOf(error: unknown): string {
  const { Code, name, $metadata } = fieldsOf(error);
  return Code ?? name ?? String($metadata?.httpStatusCode ?? 'Unknown');
}

/** The credentials were right, and their time is over. */
const expired = /^(ExpiredToken|RequestExpired|TokenRefreshRequired)(Exception)?$/;
export const isExpired = (error: unknown): boolean => expired.test(codeOf(error));

export const statusOf = (error: unknown): number | undefined => fieldsOf(error).$metadata?.httpStatusCode;

const throttling =
  /^(SlowDown|RequestThrottled\w*|ConcurrentLimitExceeded\w*|Throttl\w*|RequestLimitExceeded|TooManyRequests\w*|PriorRequestNotComplete|BandwidthLimitExceeded|ServiceUnavailable|OperationAborted|503|429)$/;
const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** A certificate that does not verify won't the next time either. */
const tls = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|EPROTO|ERR_SSL/;
/** No certificate was seen: it is plain text, or another version of TLS. */
const notSpoken = /EPROTO|ERR_SSL/;

export function classify(error: unknown): ErrorClass {
  if (error instanceof Failure) {
    if (!isPassingProxyFailure(error)) return 'final';
    // Of a proxy, before anything was sent on, or not.
    return error.has('proxy-gave-up') ? 'lost' : 'refused';
  }
  const { code, $metadata, name } = fieldsOf(error);
  const status = $metadata?.httpStatusCode;
  if (status === undefined || name === 'TimeoutError') {
    if (code !== undefined && unreached.has(code)) return 'refused';
    // A connection that is out of step, as one that broke.
    if (name === 'TimeoutError' || name === 'BadAnswer') return 'lost';
    if (/^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED)$/.test(code ?? '')) return 'lost';
    return 'final';
  }
  // The signer has learnt the service's time from this answer. It says so with every error while the
  // clock is off, and only a 403 can be the clock's doing.
  if ($metadata?.clockSkewCorrected && status === 403) return 'refused';
  // EC2 says with a 500 that it has no room: the service is well, and says the same a second later.
  if (/^Insufficient\w*Capacity$/.test(codeOf(error))) return 'final';
  if (throttling.test(codeOf(error)) || status === 503 || status === 429) return 'throttled';
  // An answer with status 200 that could not be read was cut off.
  if (status === 200 || status === 206 || status >= 500) return status === 501 ? 'final' : 'lost';
  return codeOf(error) === 'RequestTimeout' ? 'lost' : 'final';
}

/**
 * The clock here is too far off for a signature. S3 has a code for it; services of the JSON protocol say it
 * in the text of one that stands for a wrong key, too: "Signature expired: ... is now earlier than ...".
 */
const isSkewed = (error: unknown): boolean =>
  codeOf(error) === 'RequestTimeTooSkewed' ||
  (codeOf(error) === 'InvalidSignatureException' &&
    /^Signature (expired|not yet current)/.test(error instanceof Error ? error.message : ''));

/** Which thing a call was about, for the message. */
export interface About {
  /** Default: S3. */
  service?: string;
  /** IAM action, `s3:PutObject`. */
  action: string;
  /** What it was about, when that is not a bucket. */
  thing?: string;
  bucket?: string;
  key?: string;
  region: string;
  endpoint?: string;
}

/** The cause, in a diagnostic's terms, when a bucket as a whole can't be used. */
export const bucketCause = (bucket: string): string => `s3-bucket:${bucket}`;

function describe(error: unknown, about: About): Diagnostic {
  const code = codeOf(error);
  const status = statusOf(error);
  const kind = classify(error);
  const { bucket, action, region } = about;
  const where = about.endpoint ?? `${about.service ?? 'S3'} in ${region}`;
  const what =
    about.thing ??
    (bucket === undefined ? where : `bucket ${bucket}${about.key === undefined ? '' : ` (${about.key})`}`);

  // Of the bucket's own settings one may be refused and the rest be open.
  const cause = bucket !== undefined && about.key !== undefined && { cause: bucketCause(bucket) };

  if (code === 'CredentialsProviderError' || code === 'TokenProviderError') {
    return given('aws-no-credentials', `No AWS credentials were found for ${where}.`, {
      hint: 'Set `profile`, or `access_key_id` and `secret_access_key`, on the aws target, or give AWS_PROFILE or AWS_ACCESS_KEY_ID in the environment.',
    });
  }
  if (isSkewed(error)) {
    return world(
      'aws-clock-skew',
      `${where} refused the request: this machine's clock is more than 15 minutes off.`,
      {
        hint: 'Set the clock of this machine.',
      },
    );
  }
  if (
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|RequestExpired|TokenRefreshRequired|AuthFailure|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|IncompleteSignature)(Exception)?$/.test(
      code,
    )
  ) {
    const why: Record<string, string> = {
      InvalidAccessKeyId: own`the access key id is not known there`,
      UnrecognizedClientException: own`the access key id is not known there`,
      SignatureDoesNotMatch: own`the secret access key does not belong to the access key id`,
      InvalidSignatureException: own`the secret access key does not belong to the access key id`,
      ExpiredToken: own`the session token has expired`,
      ExpiredTokenException: own`the session token has expired`,
      TokenRefreshRequired: own`the session token has to be renewed`,
      // EC2's word for it. Source: what users of temporary credentials print; its list of codes has only the
      // text.
      RequestExpired: own`the session token has expired, or this machine's clock is off`,
    };
    const isOver = expired.test(code);
    return world(
      isOver ? 'aws-credentials-expired' : 'aws-wrong-credentials',
      own`${where} refused the credentials: ${why[code] ?? code}.`,
      {
        hint: isOver
          ? own`Sign in again, then repeat the command.`
          : own`Check the keys or the profile of the aws target.`,
      },
    );
  }
  const actual = fieldsOf(error).$response?.headers?.['x-amz-bucket-region'] ?? fieldsOf(error).Region;
  if (
    /^(PermanentRedirect|301|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/.test(code) ||
    status === 301
  ) {
    const real = actual ? `is in region ${actual}` : 'is in another region';
    return world('aws-wrong-region', `The ${what} ${real}, but the aws target says ${region}.`, {
      ...(bucket !== undefined && { cause: bucketCause(bucket) }),
      hint: actual
        ? `Use an aws target with \`region: ${actual}\`.`
        : 'Use an aws target of the right region.',
    });
  }
  if (code === 'NoSuchBucket') {
    return world('bucket-not-found', `The bucket ${bucket ?? ''} does not exist.`, {
      hint: 'Check its name and the region of the aws target. One that is declared under `bucket:` is made by `converge apply`.',
    });
  }
  // S3 spells it in words, others in one.
  if (code === 'InvalidRequest' && /object ?lock ?config/i.test(fieldsOf(error).message ?? '')) {
    return world('bucket-without-lock', `Objects in the bucket ${bucket ?? ''} can't be locked.`, {
      ...(bucket !== undefined && { cause: bucketCause(bucket) }),
      hint: 'Declare the bucket with `versioning: true` and `object_lock: true`, or leave `lock` of the repository out.',
    });
  }
  // Also a 403, though no permission would help.
  if (code === 'InvalidObjectState') {
    const tier = fieldsOf(error).StorageClass;
    return world(
      'object-archived',
      `The ${what} is in an archive${tier === undefined ? '' : ` (${tier})`} and can't be read before it is brought back.`,
      {
        hint: 'Bring it back (`aws s3api restore-object`), and keep lifecycle rules that archive away from this prefix.',
      },
    );
  }
  if (status === 403 || /^(AccessDenied(Exception)?|UnauthorizedOperation)$/.test(code)) {
    const foreign = bucket === undefined ? '' : '; the bucket may also belong to somebody else';
    return world('aws-access-denied', `${where} did not allow ${action} on ${what}.`, {
      ...cause,
      hint: `Allow ${action} in the IAM policy of these credentials${foreign}.`,
    });
  }
  if (kind === 'throttled') {
    return world(
      'aws-throttled',
      own`${where} kept asking for fewer requests (${code}) while ${action} on ${what}.`,
      {
        hint: own`Run again later.`,
      },
    );
  }
  if (kind !== 'final' || status === undefined) {
    const { $response, byProxy = $response?.byProxy } = fieldsOf(error);
    const answered = code === 'Unknown' && status !== undefined ? own`${status}` : code;
    // The SDK calls a connection that broke a timeout as well, and gives its code beside that.
    const broke = fieldsOf(error).code ?? (code === 'TimeoutError' ? 'ETIMEDOUT' : undefined);
    const reason =
      broke === 'ETIMEDOUT'
        ? own`it did not answer in time`
        : (broke ?? own`it was answered with ${answered}`);
    if (broke === undefined && status !== undefined && status >= 500 && byProxy === undefined)
      return world('aws-unreachable', own`${where} is not well: it answered ${action} with ${answered}.`, {
        hint: own`Run again when it is well.`,
      });
    const way = `${tls.test(reason) ? ' securely' : ''}${byProxy === undefined ? '' : ` by ${byProxy}`}`;
    return world('aws-unreachable', own`${where} could not be reached${way}: ${reason} (${action}).`, {
      hint: notSpoken.test(reason)
        ? own`What listens there doesn't speak TLS as it should: check the port, and whether it is https.`
        : reason === 'ERR_TLS_CERT_ALTNAME_INVALID'
          ? own`The certificate is for another name: check the endpoint of the aws target, and what answers for it; a proxy that looks into TLS has to make one for this name.`
          : tls.test(reason)
            ? own`The certificate does not verify; point AWS_CA_BUNDLE, or \`ca\` of the aws target, at a PEM file of the authority that signed it, which may be that of a proxy that looks into TLS.`
            : byProxy !== undefined
              ? own`Check that ${byProxy} runs and may reach it, and the endpoint of the aws target; NO_PROXY spares what is reached without.`
              : own`Check the network, and the region or endpoint of the aws target.`,
    });
  }
  return world(
    'aws-error',
    own`${where} answered ${action} on ${what} with ${code}: ${fieldsOf(error).message ?? ''}`,
  );
}

/** What the user is told about an error of a call; a Failure stays as it is. */
export function toFailure(error: unknown, about: About): Failure {
  return error instanceof Failure ? error : new Failure(describe(error, about), { cause: error });
}
