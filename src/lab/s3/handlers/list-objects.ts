import { currentObject } from '../objects/conditions.ts';
import { formEncode, listPage } from '../objects/list-page.ts';
import type { ObjectVersion, Version } from '../objects/model.ts';
import { compareUtf8 } from '../objects/order.ts';
import type { BucketState } from '../objects/storage.ts';
import { errors } from '../protocol/errors.ts';
import { bucketOf, type Call, type Handler, isoTime, numberParameter, owner, xmlAnswer } from './call.ts';

/** What all kinds of listing take. */
export function listParameters(call: Call, maxName: string) {
  const { query } = call.request;
  const encoding = query.get('encoding-type');
  if (encoding !== undefined && encoding !== 'url') {
    throw errors.invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encoding);
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    max: numberParameter(call, maxName, 1000, 1000),
    encoding,
    encode: encoding === 'url' ? formEncode : (text: string) => text,
  };
}

function* currentFrom(bucket: BucketState, from: string): Generator<[string, ObjectVersion]> {
  for (const [key] of bucket.keys.from(from)) {
    const object = currentObject(bucket, key);
    if (object) yield [key, object];
  }
}

const entry = (object: ObjectVersion) => ({
  LastModified: isoTime(object.modified),
  ETag: `"${object.etag}"`,
  ChecksumAlgorithm: object.checksum?.algorithm,
  ChecksumType: object.checksum?.type,
  Size: object.size,
  StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
});

export const listObjectsV1: Handler = async call => {
  const bucket = bucketOf(call);
  const { prefix, delimiter, max, encoding, encode } = listParameters(call, 'max-keys');
  const marker = call.request.query.get('marker') ?? '';
  const page = listPage(from => currentFrom(bucket, from), { prefix, delimiter, max, after: marker });
  return xmlAnswer('ListBucketResult', {
    Name: bucket.record.name,
    Prefix: encode(prefix),
    Marker: encode(marker),
    // Only with a delimiter; without one the last key says it.
    NextMarker: delimiter !== '' && page.next !== undefined ? encode(page.next) : undefined,
    MaxKeys: max,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    IsTruncated: page.next !== undefined,
    Contents: page.items.map(([key, object]) => ({ Key: encode(key), ...entry(object), Owner: owner })),
    CommonPrefixes: page.prefixes.map(each => ({ Prefix: encode(each) })),
  });
};

export const listObjectsV2: Handler = async call => {
  const bucket = bucketOf(call);
  const { query } = call.request;
  const { prefix, delimiter, max, encoding, encode } = listParameters(call, 'max-keys');
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  if (token === '') {
    throw errors.invalidArgument('The continuation token provided is incorrect', 'continuation-token');
  }
  const after = token !== undefined ? Buffer.from(token, 'base64url').toString() : (startAfter ?? '');
  const page = listPage(from => currentFrom(bucket, from), { prefix, delimiter, max, after });
  const withOwner = query.get('fetch-owner') === 'true';
  return xmlAnswer('ListBucketResult', {
    Name: bucket.record.name,
    Prefix: encode(prefix),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    KeyCount: page.items.length + page.prefixes.length,
    MaxKeys: max,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    IsTruncated: page.next !== undefined,
    Contents: page.items.map(([key, object]) => ({
      Key: encode(key),
      ...entry(object),
      Owner: withOwner ? owner : undefined,
    })),
    CommonPrefixes: page.prefixes.map(each => ({ Prefix: encode(each) })),
  });
};

interface Listed {
  version: Version;
  latest: boolean;
}

function* versionsFrom(bucket: BucketState, from: string, marker: string, versionMarker: string | undefined) {
  for (const [key, record] of bucket.keys.from(from)) {
    const at = key === marker ? record.versions.findIndex(each => each.versionId === versionMarker) : -1;
    for (const [index, version] of record.versions.entries()) {
      if (index > at) yield [key, { version, latest: index === 0 }] as [string, Listed];
    }
  }
}

export const listObjectVersions: Handler = async call => {
  const bucket = bucketOf(call);
  const { query } = call.request;
  const { prefix, delimiter, max, encoding, encode } = listParameters(call, 'max-keys');
  const marker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') || undefined;
  if (versionMarker !== undefined && marker === '') {
    throw errors.invalidArgument('A version-id marker cannot be specified without a key marker.');
  }
  // With a version marker the page begins in the middle of a key, which is then not behind us.
  const within = versionMarker !== undefined;
  const page = listPage(
    from =>
      versionsFrom(bucket, within && compareUtf8(marker, from) > 0 ? marker : from, marker, versionMarker),
    { prefix, delimiter, max, after: within ? '' : marker },
  );
  const last = page.items.at(-1);
  const nextIsKey = last !== undefined && last[0] === page.next;
  const listed = page.items.map(([key, { version, latest }]) => ({
    key: encode(key),
    latest,
    version,
  }));
  return xmlAnswer('ListVersionsResult', {
    Name: bucket.record.name,
    Prefix: encode(prefix),
    KeyMarker: encode(marker),
    VersionIdMarker: versionMarker ?? '',
    NextKeyMarker: page.next === undefined ? undefined : encode(page.next),
    NextVersionIdMarker: nextIsKey ? last[1].version.versionId : undefined,
    MaxKeys: max,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    IsTruncated: page.next !== undefined,
    Version: listed.flatMap(({ key, latest, version }) =>
      version.kind === 'object'
        ? [{ Key: key, VersionId: version.versionId, IsLatest: latest, ...entry(version), Owner: owner }]
        : [],
    ),
    DeleteMarker: listed.flatMap(({ key, latest, version }) =>
      version.kind === 'marker'
        ? [
            {
              Key: key,
              VersionId: version.versionId,
              IsLatest: latest,
              LastModified: isoTime(version.modified),
              Owner: owner,
            },
          ]
        : [],
    ),
    CommonPrefixes: page.prefixes.map(each => ({ Prefix: encode(each) })),
  });
};
