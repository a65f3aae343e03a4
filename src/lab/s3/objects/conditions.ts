import { errors, S3Error } from '../protocol/errors.ts';
import type { ObjectVersion } from './model.ts';
import type { BucketState } from './storage.ts';

/** The newest version unless it is a delete marker. */
export function currentObject(bucket: BucketState, key: string): ObjectVersion | undefined {
  const newest = bucket.keys.get(key)?.versions[0];
  return newest?.kind === 'object' ? newest : undefined;
}

const bare = (etag: string) => etag.trim().replace(/^(W\/)?"(.*)"$/, '$2');
const matches = (header: string, etag: string) =>
  header.split(',').some(each => bare(each) === '*' || bare(each) === etag);

/**
 * `If-Match` and `If-None-Match` of a write. Made when the request arrives and checked in the key's
 * turn, right before the write counts: of several writers exactly one finds its condition true.
 * Answers as in "How to prevent object overwrites with conditional writes" of the S3 user guide:
 * 412 when it does not hold, 404 for If-Match on a key that isn't there, 409 when a delete of the
 * key came in between.
 */
export function writeCondition(headers: ReadonlyMap<string, string>, bucket: BucketState, key: string) {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw errors.notImplemented('If-None-Match with anything but * on a write');
  }
  const deletions = bucket.deletions.get(key) ?? 0;
  return () => {
    if (ifMatch === undefined && ifNoneMatch === undefined) return;
    const name = ifMatch !== undefined ? 'If-Match' : 'If-None-Match';
    if ((bucket.deletions.get(key) ?? 0) !== deletions) throw errors.conflict(name, key);
    const current = currentObject(bucket, key);
    if (ifNoneMatch !== undefined && current) throw errors.preconditionFailed(name);
    if (ifMatch === undefined) return;
    if (!current) throw errors.noSuchKey(key);
    if (!matches(ifMatch, current.etag)) throw errors.preconditionFailed(name);
  };
}

const seconds = (ms: number) => Math.floor(ms / 1000);

/** Conditions of a read, in the order of RFC 9110 section 13.2.2. `prefix`: x-amz-copy-source- for copies. */
export function readCondition(
  headers: ReadonlyMap<string, string>,
  version: ObjectVersion,
  prefix = '',
): void {
  const get = (name: string) => headers.get(prefix + name);
  const date = (name: string) => {
    const time = Date.parse(get(name) ?? '');
    return Number.isNaN(time) ? undefined : seconds(time);
  };
  const modified = seconds(version.modified);
  const ifMatch = get('if-match');
  const unmodifiedSince = date('if-unmodified-since');
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw errors.preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw errors.preconditionFailed('If-Unmodified-Since');
  }
  const ifNoneMatch = get('if-none-match');
  const modifiedSince = date('if-modified-since');
  const unchanged =
    ifNoneMatch !== undefined
      ? matches(ifNoneMatch, version.etag)
      : modifiedSince !== undefined && modified <= modifiedSince;
  if (!unchanged) return;
  if (prefix !== '') throw errors.preconditionFailed('x-amz-copy-source-If-None-Match');
  throw new S3Error(304, 'NotModified', 'Not Modified', {}, { etag: `"${version.etag}"` });
}
