import type { BucketState, Storage } from '../objects/storage.ts';
import { errors } from '../protocol/errors.ts';
import type { Answer, S3Request } from '../protocol/request.ts';
import type { Signature } from '../protocol/sigv4.ts';
import { type Tree, toXml } from '../protocol/xml.ts';

/** One authenticated request and what it may touch. */
export interface Call {
  request: S3Request;
  signature: Signature;
  storage: Storage;
  region: string;
  /** Throws AccessDenied where whoever asks may not delete this. */
  mayDelete(bucket: string, key: string, versionId: string | undefined): void;
  /** Throws AccessDenied where whoever asks may not lock this until then, ms since the epoch. */
  mayLock(bucket: string, key: string, until: number | undefined): void;
  /** Whether whoever asks may pass by locks of the mode governance. */
  mayBypass(bucket: string, key: string): boolean;
  /** Whether whoever asks may know of locks. */
  mayKnowLock(bucket: string, key: string): boolean;
}
export type Handler = (call: Call) => Promise<Answer>;

/** The lab's one account, as S3 names owners. */
export const owner = { ID: 'c0'.repeat(32), DisplayName: 'lab' };
const accountId = '000000000000';

/** The bucket of the request. Throws NoSuchBucket, or AccessDenied when it is somebody else's. */
export function bucketOf({ request, storage }: Call, name = request.bucket ?? ''): BucketState {
  const bucket = storage.buckets.get(name);
  if (!bucket) throw errors.noSuchBucket(name);
  const expected = request.headers.get('x-amz-expected-bucket-owner');
  if (bucket.record.owner === 'foreign' || (expected !== undefined && expected !== accountId)) {
    throw errors.accessDenied();
  }
  return bucket;
}

/** The key of the request. */
export const keyOf = ({ request }: Call): string => request.key ?? '';

/** Work on one key of a bucket, one after another; NoSuchBucket when the bucket went meanwhile. */
export function inKeysTurn<T>(
  call: Call,
  bucket: BucketState,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  return call.storage.inTurn(`${bucket.record.name}/${key}`, async () => {
    if (call.storage.buckets.get(bucket.record.name) !== bucket)
      throw errors.noSuchBucket(bucket.record.name);
    return work();
  });
}

export const xmlAnswer = (
  root: string,
  content: { [name: string]: Tree },
  headers: Record<string, string | undefined> = {},
): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml', ...headers },
  body: toXml(root, content),
});

export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A whole number between `low` and `high` from the query. */
export function numberParameter(call: Call, name: string, fallback: number, high: number, low = 0): number {
  const text = call.request.query.get(name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d+$/.test(text) || Number(text) > 2 ** 31 - 1) {
    throw errors.invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  if (Number(text) < low) throw errors.invalidArgument(`${name} must be at least ${low}`, name, text);
  return Math.min(Number(text), high);
}
