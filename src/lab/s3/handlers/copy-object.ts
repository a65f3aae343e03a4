import { createHash } from 'node:crypto';
import { readCondition, writeCondition } from '../objects/conditions.ts';
import type { Blob, ObjectVersion, Part } from '../objects/model.ts';
import { describe } from '../objects/object-description.ts';
import { addVersion, findVersion, newVersionId, versionHeader } from '../objects/versions.ts';
import { elementOf, hasher, parseAlgorithm } from '../protocol/checksums.ts';
import { errors } from '../protocol/errors.ts';
import { bucketOf, type Call, type Handler, inKeysTurn, isoTime, keyOf, xmlAnswer } from './call.ts';
import { openContent, parseRange } from './get-object.ts';
import { addPart, findUpload, partNumber } from './multipart.ts';

/** `x-amz-copy-source: [/]BUCKET/KEY[?versionId=ID]`, URL-encoded. */
function source(call: Call): { bucket: string; key: string; version: ObjectVersion; versioned: boolean } {
  const header = call.request.headers.get('x-amz-copy-source') ?? '';
  const [path = '', versionId] = header.split('?versionId=');
  const invalid = () =>
    errors.invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    );
  let name: string;
  try {
    name = decodeURIComponent(path).replace(/^\//, '');
  } catch {
    throw invalid();
  }
  const slash = name.indexOf('/');
  if (slash < 1 || slash === name.length - 1) throw invalid();
  const bucket = bucketOf(call, name.slice(0, slash));
  const key = name.slice(slash + 1);
  const version = findVersion(bucket, key, versionId);
  readCondition(call.request.headers, version, 'x-amz-copy-source-');
  return { bucket: bucket.record.name, key, version, versioned: bucket.record.versioning !== undefined };
}

/** One new blob with a range of the source's content, and its MD5 and checksum. */
async function copyContent(call: Call, from: ObjectVersion, range: { start: number; end: number }) {
  const algorithm =
    parseAlgorithm(call.request.headers.get('x-amz-checksum-algorithm')) ?? from.checksum?.algorithm;
  const md5 = createHash('md5');
  const checksum = algorithm && hasher(algorithm);
  const content = await openContent(call.storage, from.blobs, range);
  const writer = await call.storage.createBlob();
  let blob: Blob;
  try {
    for await (const piece of content.read()) {
      md5.update(piece);
      checksum?.update(piece);
      await writer.write(piece);
    }
    blob = await writer.keep();
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    await content.close();
  }
  return {
    blob,
    etag: md5.digest('hex'),
    ...(algorithm &&
      checksum && {
        checksum: { algorithm, value: checksum.digest().toString('base64'), type: 'FULL_OBJECT' as const },
      }),
  };
}

const result = (
  root: string,
  copy: { etag: string; checksum?: ObjectVersion['checksum'] },
  modified: number,
  headers: Record<string, string>,
) =>
  xmlAnswer(
    root,
    {
      ETag: `"${copy.etag}"`,
      LastModified: isoTime(modified),
      ...(copy.checksum && { [elementOf(copy.checksum.algorithm)]: copy.checksum.value }),
    },
    headers,
  );

export const copyObject: Handler = async call => {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const { headers } = call.request;
  const from = source(call);
  const replace = headers.get('x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  const replaceTags = headers.get('x-amz-tagging-directive')?.toUpperCase() === 'REPLACE';
  if (
    !replace &&
    from.bucket === bucket.record.name &&
    from.key === key &&
    !call.request.headers.get('x-amz-copy-source')?.includes('?versionId=')
  ) {
    throw errors.invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const check = writeCondition(headers, bucket, key);
  const copy = await copyContent(call, from.version, { start: 0, end: from.version.size });
  const described = replace ? describe(headers) : from.version;
  return inKeysTurn(call, bucket, key, async () => {
    check();
    const version: ObjectVersion = {
      kind: 'object',
      versionId: newVersionId(call.storage, bucket),
      modified: call.storage.clock.now(),
      size: from.version.size,
      etag: copy.etag,
      blobs: [copy.blob],
      ...(copy.checksum && { checksum: copy.checksum }),
      headers: described.headers,
      metadata: described.metadata,
      tags: replaceTags ? describe(headers).tags : from.version.tags,
    };
    await addVersion(call.storage, bucket, key, version);
    return result('CopyObjectResult', copy, version.modified, {
      ...versionHeader(bucket, version),
      ...(from.versioned && { 'x-amz-copy-source-version-id': from.version.versionId }),
    });
  }).catch(async error => {
    await call.storage.removeBlobs([copy.blob]);
    throw error;
  });
};

export const copyPart: Handler = async call => {
  const bucket = bucketOf(call);
  findUpload(call, bucket);
  const number = partNumber(call);
  const from = source(call);
  const range = parseRange(call.request.headers.get('x-amz-copy-source-range'), from.version.size);
  const copy = await copyContent(call, from.version, range ?? { start: 0, end: from.version.size });
  const part: Part = { number, modified: call.storage.clock.now(), ...copy };
  await addPart(call, bucket, part).catch(async error => {
    await call.storage.removeBlobs([copy.blob]);
    throw error;
  });
  return result(
    'CopyPartResult',
    copy,
    part.modified,
    from.versioned ? { 'x-amz-copy-source-version-id': from.version.versionId } : {},
  );
};
