import type { RequestContext } from '../instance/condition.ts';
import { isAllowed, type Role } from '../instance/role.ts';
import { remainingDays } from './objects/lock.ts';
import type { Storage } from './objects/storage.ts';
import { errors, S3Error } from './protocol/errors.ts';
import type { S3Request } from './protocol/request.ts';
import { type Credentials, sameText } from './protocol/sigv4.ts';

/** The role that a request says it is from, by its access key; undefined for the lab's own account. */
export function roleAsking(request: S3Request, role: Role | undefined): Role | undefined {
  const header = request.headers.get('authorization') ?? '';
  const key =
    /Credential=([^/,\s]+)\//.exec(header)?.[1] ??
    request.query.get('X-Amz-Credential')?.split('/')[0] ??
    undefined;
  return role && key === role.credentials.accessKeyId ? role : undefined;
}

/** The role's credentials, for the signature. Throws InvalidToken without the token that belongs to them. */
export function credentialsOf({ credentials, expired = [] }: Role, request: S3Request): Credentials {
  const token =
    request.headers.get('x-amz-security-token') ?? request.query.get('X-Amz-Security-Token') ?? '';
  if (sameText(token, credentials.sessionToken)) return credentials;
  if (expired.some(one => sameText(token, one)))
    throw new S3Error(400, 'ExpiredToken', 'The provided token has expired.');
  throw new S3Error(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
}

/** By method; what is asked for by a query parameter is another action, which no policy here allows. */
const actions: Record<string, [ofObject: string, ofBucket: string]> = {
  GET: ['s3:GetObject', 's3:ListBucket'],
  HEAD: ['s3:GetObject', 's3:ListBucket'],
  PUT: ['s3:PutObject', 's3:CreateBucket'],
  DELETE: ['s3:DeleteObject', 's3:DeleteBucket'],
};
/** What uploads in parts need. Source: Amazon S3 user guide, "Multipart upload API and permissions". */
const inParts: Record<string, string> = {
  'POST uploads': 's3:PutObject',
  'PUT partNumber': 's3:PutObject',
  'PUT uploadId': 's3:PutObject',
  'POST uploadId': 's3:PutObject',
  'GET uploads': 's3:ListBucketMultipartUploads',
  'GET uploadId': 's3:ListMultipartUploadParts',
  'DELETE uploadId': 's3:AbortMultipartUpload',
};
/** Other calls. Source: Service Authorization Reference, "Actions defined by Amazon S3". */
const others: Record<string, string> = {
  'GET versions': 's3:ListBucketVersions',
  'GET versioning': 's3:GetBucketVersioning',
  'GET object-lock': 's3:GetBucketObjectLockConfiguration',
  'GET retention': 's3:GetObjectRetention',
  'PUT retention': 's3:PutObjectRetention',
};
const plain =
  /^(x-id|list-type|prefix|delimiter|max-keys|encoding-type|start-after|continuation-token|key-marker|version-id-marker|versionId|response-.*|X-Amz-.*)$/;

/**
 * Refuses what the role's policy doesn't allow. An object that isn't there is refused as well to whoever may
 * not list the bucket: the answer must not tell.
 */
export function authorize(role: Role, request: S3Request, storage: Storage): void {
  const { bucket, key, method, query, headers } = request;
  const other = headers.has('x-amz-copy-source') ? 'copy' : [...query.keys()].find(name => !plain.test(name));
  const [ofObject, ofBucket] = actions[method] ?? ['s3:Other', 's3:Other'];
  const allowed = query.has('versionId') && key !== undefined ? `${ofObject}Version` : ofObject;
  const action =
    other !== undefined
      ? (inParts[`${method} ${other}`] ?? others[`${method} ${other}`] ?? `s3:${method} ?${other}`)
      : key === undefined
        ? ofBucket
        : allowed;
  // Whoever names a bucket that isn't there learns that.
  const isMissing = bucket !== undefined && !storage.buckets.get(bucket);
  if (isMissing && action !== 's3:CreateBucket') return;
  // Until when is in its body: `mayLock`.
  if (action === 's3:PutObjectRetention') return;
  // What a list names is allowed or refused key by key: `mayDelete`.
  if (method === 'POST' && other === 'delete' && key === undefined) return;
  const bucketArn = `arn:aws:s3:::${bucket ?? '*'}`;
  const need = (what: string, resource: string) =>
    demand(role, what, resource, {
      's3:prefix': query.get('prefix') ?? undefined,
      's3:if-none-match': headers.get('if-none-match'),
      's3:if-match': headers.get('if-match'),
    });
  const resource = key === undefined ? bucketArn : `${bucketArn}/${key}`;
  need(action, resource);
  const until = headers.get('x-amz-object-lock-retain-until-date');
  if (until !== undefined && other !== 'retention')
    demand(role, 's3:PutObjectRetention', resource, lockContext(Date.parse(until), storage));
  if (action === 's3:GetObject' && !isThere(storage, bucket, key)) need('s3:ListBucket', bucketArn);
}

/**
 * Whether one key of a DeleteObjects may go, which is asked of each by itself: the answer to the request is
 * 200 all the same. Source: Amazon S3 API reference, DeleteObjects, "Permissions".
 *
 * @throws AccessDenied
 */
export const mayDelete = (role: Role, bucket: string, key: string, versionId: string | undefined): void =>
  demand(
    role,
    versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
    `arn:aws:s3:::${bucket}/${key}`,
  );

/**
 * Whether a lock that a `<Retention>` document asks for is allowed, which is known once it was read.
 *
 * @throws AccessDenied
 */
export const mayLock = (
  role: Role,
  storage: Storage,
  ...[bucket, key, until]: [bucket: string, key: string, until: number | undefined]
): void =>
  demand(role, 's3:PutObjectRetention', `arn:aws:s3:::${bucket}/${key}`, lockContext(until, storage));

const lockContext = (until: number | undefined, { clock }: Storage): RequestContext => ({
  's3:object-lock-remaining-retention-days': remainingDays(until, clock.now()),
});

export const mayOnObject = (role: Role, action: string, bucket: string, key: string): boolean =>
  isAllowed(role, action, `arn:aws:s3:::${bucket}/${key}`);

function demand(role: Role, action: string, resource: string, context: RequestContext = {}): void {
  if (isAllowed(role, action, resource, context)) return;
  throw errors.accessDenied(
    `User: ${role.arn} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`,
  );
}

function isThere(storage: Storage, bucket = '', key = ''): boolean {
  return storage.buckets.get(bucket)?.keys.get(key)?.versions[0]?.kind === 'object';
}
