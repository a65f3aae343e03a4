import { listPage } from '../objects/list-page.ts';
import type { UploadRecord } from '../objects/model.ts';
import { compareUtf8 } from '../objects/order.ts';
import { elementOf } from '../protocol/checksums.ts';
import { bucketOf, type Handler, isoTime, numberParameter, owner, xmlAnswer } from './call.ts';
import { listParameters } from './list-objects.ts';
import { findUpload } from './multipart.ts';

export const listParts: Handler = async call => {
  const bucket = bucketOf(call);
  const upload = findUpload(call, bucket);
  const max = numberParameter(call, 'max-parts', 1000, 1000);
  const marker = numberParameter(call, 'part-number-marker', 0, 10_000);
  const after = upload.parts.filter(part => part.number > marker);
  const shown = after.slice(0, max);
  return xmlAnswer('ListPartsResult', {
    Bucket: bucket.record.name,
    Key: upload.key,
    UploadId: upload.id,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: shown.at(-1)?.number ?? 0,
    MaxParts: max,
    IsTruncated: after.length > shown.length,
    ChecksumAlgorithm: upload.checksumAlgorithm,
    ChecksumType: upload.checksumType,
    Part: shown.map(part => ({
      PartNumber: part.number,
      LastModified: isoTime(part.modified),
      ETag: `"${part.etag}"`,
      Size: part.blob.size,
      ...(part.checksum && { [elementOf(part.checksum.algorithm)]: part.checksum.value }),
    })),
  });
};

export const listUploads: Handler = async call => {
  const bucket = bucketOf(call);
  const { query } = call.request;
  const { prefix, delimiter, max, encoding, encode } = listParameters(call, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = keyMarker === '' ? undefined : query.get('upload-id-marker') || undefined;
  // By key, then by time of initiation, as S3 lists them.
  const sorted = [...bucket.uploads.values()].sort(
    (a, b) => compareUtf8(a.key, b.key) || a.initiated - b.initiated || compareUtf8(a.id, b.id),
  );
  const marked = sorted.findIndex(each => each.key === keyMarker && each.id === idMarker);
  function* walk(): Generator<[string, UploadRecord]> {
    for (const [index, upload] of sorted.entries()) {
      if (compareUtf8(upload.key, prefix) >= 0 && index > marked && compareUtf8(upload.key, keyMarker) >= 0) {
        yield [upload.key, upload];
      }
    }
  }
  const page = listPage(walk, { prefix, delimiter, max, after: marked < 0 ? keyMarker : '' });
  const last = page.items.at(-1);
  return xmlAnswer('ListMultipartUploadsResult', {
    Bucket: bucket.record.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker ?? '',
    NextKeyMarker: page.next === undefined ? undefined : encode(page.next),
    NextUploadIdMarker: page.next === undefined ? undefined : last?.[0] === page.next ? last[1].id : '',
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    MaxUploads: max,
    IsTruncated: page.next !== undefined,
    Upload: page.items.map(([key, upload]) => ({
      Key: encode(key),
      UploadId: upload.id,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: isoTime(upload.initiated),
      ChecksumAlgorithm: upload.checksumAlgorithm,
      ChecksumType: upload.checksumType,
    })),
    CommonPrefixes: page.prefixes.map(each => ({ Prefix: encode(each) })),
  });
};
