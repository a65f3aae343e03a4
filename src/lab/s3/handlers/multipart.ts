import { createHash } from 'node:crypto';
import { writeCondition } from '../objects/conditions.ts';
import type { ObjectVersion, Part, UploadRecord } from '../objects/model.ts';
import { describe } from '../objects/object-description.ts';
import type { BucketState, Storage } from '../objects/storage.ts';
import { addVersion, newVersionId, versionHeader } from '../objects/versions.ts';
import { receiveText } from '../protocol/body.ts';
import {
  type Algorithm,
  type Checksum,
  composite,
  elementOf,
  hasher,
  headerOf,
  parseAlgorithm,
} from '../protocol/checksums.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import { childrenOf, parseXml, textOf } from '../protocol/xml.ts';
import { bucketOf, type Call, type Handler, inKeysTurn, keyOf, xmlAnswer } from './call.ts';
import { openContent } from './get-object.ts';
import { receiveBlob } from './put-object.ts';

/** Every part but the last, bytes. */
const smallestPart = 5 * 1024 * 1024;

export function findUpload(call: Call, bucket: BucketState): UploadRecord {
  const id = call.request.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload?.key !== keyOf(call)) throw errors.noSuchUpload(id);
  return upload;
}

export const createUpload: Handler = async call => {
  const bucket = bucketOf(call);
  const { headers } = call.request;
  const algorithm = parseAlgorithm(headers.get('x-amz-checksum-algorithm'));
  const type =
    headers.get('x-amz-checksum-type') ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')
    throw errors.invalidRequest('Value for x-amz-checksum-type header is invalid.');
  if (algorithm && (type === 'FULL_OBJECT' ? algorithm.startsWith('SHA') : algorithm === 'CRC64NVME')) {
    throw errors.invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  const upload: UploadRecord = {
    id: call.storage.newId(),
    key: keyOf(call),
    initiated: call.storage.clock.now(),
    parts: [],
    ...(algorithm && { checksumAlgorithm: algorithm, checksumType: type }),
    ...describe(headers),
  };
  await call.storage.saveUpload(bucket, upload);
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.record.name, Key: upload.key, UploadId: upload.id },
    { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': algorithm && type },
  );
};

export function partNumber(call: Call): number {
  const text = call.request.query.get('partNumber') ?? '';
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw errors.invalidArgument(
    'Part number must be an integer between 1 and 10000, inclusive',
    'partNumber',
    text,
  );
}

/** Adds or replaces a part, in the upload's turn: parts come in parallel. */
export function addPart(call: Call, bucket: BucketState, part: Part): Promise<void> {
  return call.storage.inTurn(`upload ${call.request.query.get('uploadId')}`, async () => {
    const upload = findUpload(call, bucket);
    const replaced = upload.parts.filter(each => each.number === part.number);
    const parts = [...upload.parts.filter(each => each.number !== part.number), part];
    parts.sort((a, b) => a.number - b.number);
    await call.storage.saveUpload(bucket, { ...upload, parts });
    await call.storage.removeBlobs(replaced.map(each => each.blob));
  });
}

export const uploadPart: Handler = async call => {
  const bucket = bucketOf(call);
  const upload = findUpload(call, bucket);
  const number = partNumber(call);
  const { received, blob } = await receiveBlob(call);
  const checksum: Checksum | undefined = received.checksum && { ...received.checksum, type: 'FULL_OBJECT' };
  if (upload.checksumAlgorithm && checksum && checksum.algorithm !== upload.checksumAlgorithm) {
    await call.storage.removeBlobs([blob]);
    throw errors.invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, actual checksum Type: ${checksum.algorithm.toLowerCase()}`,
    );
  }
  const part: Part = {
    number,
    blob,
    etag: received.md5,
    modified: call.storage.clock.now(),
    ...(checksum && { checksum }),
  };
  await addPart(call, bucket, part).catch(async error => {
    await call.storage.removeBlobs([blob]);
    throw error;
  });
  return {
    status: 200,
    headers: { etag: `"${part.etag}"`, ...(checksum && { [headerOf(checksum.algorithm)]: checksum.value }) },
  };
};

interface Wanted {
  number: number;
  etag: string;
}

function parseComplete(text: string): Wanted[] {
  const document = parseXml(text);
  const wanted = childrenOf(document, 'Part').map(part => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: (textOf(part, 'ETag') ?? '').replaceAll('"', ''),
  }));
  if (document?.name !== 'CompleteMultipartUpload' || wanted.length === 0) throw errors.malformedXml();
  return wanted;
}

function choose(upload: UploadRecord, wanted: Wanted[]): Part[] {
  for (const [i, each] of wanted.entries()) {
    if (i > 0 && each.number <= (wanted[i - 1]?.number ?? 0)) {
      throw new S3Error(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: upload.id },
      );
    }
  }
  const chosen = wanted.map(({ number, etag }) => {
    const part = upload.parts.find(each => each.number === number);
    if (part?.etag === etag) return part;
    throw new S3Error(
      400,
      'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      { UploadId: upload.id, PartNumber: String(number), ETag: etag },
    );
  });
  const small = chosen.slice(0, -1).find(part => part.blob.size < smallestPart);
  if (small) {
    throw new S3Error(
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      {
        ProposedSize: String(small.blob.size),
        MinSizeAllowed: String(smallestPart),
        PartNumber: String(small.number),
        ETag: small.etag,
      },
    );
  }
  return chosen;
}

async function wholeChecksum(storage: Storage, algorithm: Algorithm, parts: Part[]): Promise<string> {
  const hash = hasher(algorithm);
  const blobs = parts.map(part => part.blob);
  const size = blobs.reduce((sum, blob) => sum + blob.size, 0);
  const content = await openContent(storage, blobs, { start: 0, end: size });
  try {
    for await (const piece of content.read()) hash.update(piece);
  } finally {
    await content.close();
  }
  return hash.digest().toString('base64');
}

async function objectChecksum(
  call: Call,
  upload: UploadRecord,
  parts: Part[],
): Promise<Checksum | undefined> {
  const algorithm = upload.checksumAlgorithm;
  const type = upload.checksumType;
  if (!algorithm || !type) return undefined;
  const values = parts.flatMap(part => (part.checksum ? [part.checksum.value] : []));
  if (type === 'COMPOSITE' && values.length < parts.length) {
    throw errors.invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${parts.find(part => !part.checksum)?.number} in the request.`,
    );
  }
  const value =
    type === 'COMPOSITE' ? composite(algorithm, values) : await wholeChecksum(call.storage, algorithm, parts);
  const given = call.request.headers.get(headerOf(algorithm));
  if (given !== undefined && given.replace(/-\d+$/, '') !== value.replace(/-\d+$/, ''))
    throw errors.badDigest(algorithm);
  return { algorithm, type, value };
}

export const completeUpload: Handler = async call => {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const upload = findUpload(call, bucket);
  const check = writeCondition(call.request.headers, bucket, key);
  const parts = choose(upload, parseComplete(await receiveText(call.request, call.signature)));
  const checksum = await objectChecksum(call, upload, parts);
  const size = parts.reduce((sum, part) => sum + part.blob.size, 0);
  const announced = call.request.headers.get('x-amz-mp-object-size');
  if (announced !== undefined && Number(announced) !== size) {
    throw errors.invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${size}`,
    );
  }
  return inKeysTurn(call, bucket, key, async () => {
    findUpload(call, bucket);
    check();
    const md5 = createHash('md5');
    for (const part of parts) md5.update(part.etag, 'hex');
    const version: ObjectVersion = {
      kind: 'object',
      versionId: newVersionId(call.storage, bucket),
      // An object written in parts is as old as the start of its upload.
      modified: upload.initiated,
      size,
      etag: `${md5.digest('hex')}-${parts.length}`,
      blobs: parts.map(part => part.blob),
      parts: parts.map(part => part.blob.size),
      headers: upload.headers,
      metadata: upload.metadata,
      tags: upload.tags,
      ...(checksum && { checksum }),
    };
    await addVersion(call.storage, bucket, key, version);
    await call.storage.removeUpload(bucket, upload.id);
    const used = new Set(version.blobs.map(blob => blob.id));
    await call.storage.removeBlobs(upload.parts.map(part => part.blob).filter(blob => !used.has(blob.id)));
    return xmlAnswer(
      'CompleteMultipartUploadResult',
      {
        Location: `/${bucket.record.name}/${key}`,
        Bucket: bucket.record.name,
        Key: key,
        ETag: `"${version.etag}"`,
        ...(checksum && { [elementOf(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
      },
      {
        ...versionHeader(bucket, version),
        'x-amz-server-side-encryption': version.headers['x-amz-server-side-encryption'],
      },
    );
  });
};

export const abortUpload: Handler = async call => {
  const bucket = bucketOf(call);
  return call.storage.inTurn(`upload ${call.request.query.get('uploadId')}`, async () => {
    const upload = findUpload(call, bucket);
    await call.storage.removeUpload(bucket, upload.id);
    await call.storage.removeBlobs(upload.parts.map(part => part.blob));
    return { status: 204 };
  });
};
