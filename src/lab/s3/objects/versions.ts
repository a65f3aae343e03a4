import { errors, S3Error } from '../protocol/errors.ts';
import type { ObjectVersion, Version } from './model.ts';
import type { BucketState, Storage } from './storage.ts';

/** The id a new version gets: only a bucket with versioning on gives real ones. */
export const newVersionId = (storage: Storage, bucket: BucketState): string =>
  bucket.record.versioning === 'Enabled' ? storage.newId() : 'null';

/** Puts `version` on top; the `null` version is replaced, others stay. Call in the key's turn. */
export function addVersion(
  storage: Storage,
  bucket: BucketState,
  key: string,
  version: Version,
): Promise<void> {
  const older = (bucket.keys.get(key)?.versions ?? []).filter(each => each.versionId !== version.versionId);
  return storage.saveKey(bucket, { key, versions: [version, ...older] });
}

/** x-amz-version-id: there once versioning has ever been on. */
export const versionHeader = (bucket: BucketState, version: Version): Record<string, string> =>
  bucket.record.versioning ? { 'x-amz-version-id': version.versionId } : {};

/** The version asked for, or the newest. Throws as GET does. */
export function findVersion(bucket: BucketState, key: string, versionId: string | undefined): ObjectVersion {
  const versions = bucket.keys.get(key)?.versions ?? [];
  if (versionId === '') {
    throw errors.invalidArgument('Version id cannot be the empty string', 'versionId', '');
  }
  const found = versionId === undefined ? versions[0] : versions.find(each => each.versionId === versionId);
  if (!found) throw versionId === undefined ? errors.noSuchKey(key) : errors.noSuchVersion(key, versionId);
  if (found.kind === 'object') return found;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, found) };
  if (versionId === undefined) throw errors.noSuchKey(key, headers);
  throw new S3Error(
    405,
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    { Method: 'GET', ResourceType: 'DeleteMarker' },
    { ...headers, allow: 'DELETE' },
  );
}
