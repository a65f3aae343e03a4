import { writeCondition } from '../objects/conditions.ts';
import { demandUnlocked } from '../objects/lock.ts';
import type { Version } from '../objects/model.ts';
import type { BucketState } from '../objects/storage.ts';
import { addVersion, newVersionId } from '../objects/versions.ts';
import { receiveText } from '../protocol/body.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import { childrenOf, parseXml, textOf } from '../protocol/xml.ts';
import { bucketOf, type Call, type Handler, inKeysTurn, keyOf, xmlAnswer } from './call.ts';

interface Deleted {
  /** The version that went. */
  versionId?: string;
  /** The delete marker that was made, or that went. */
  marker?: string;
}

/** Whether governance doesn't hinder: that has to be asked for, and to be allowed. */
export const bypasses = ({ request, mayBypass }: Call, key: string): boolean =>
  request.headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true' &&
  mayBypass(request.bucket ?? '', key);

/** Call in the key's turn. Without `versionId` it is a delete marker where versioning was ever on. */
async function remove(
  call: Call,
  bucket: BucketState,
  key: string,
  versionId: string | undefined,
): Promise<Deleted> {
  const record = bucket.keys.get(key);
  const noted = () => bucket.deletions.set(key, (bucket.deletions.get(key) ?? 0) + 1);
  if (versionId !== undefined) {
    const gone = record?.versions.find(each => each.versionId === versionId);
    if (!record || !gone) return { versionId };
    demandUnlocked(gone, call.storage.clock.now(), bypasses(call, key));
    await call.storage.saveKey(bucket, { key, versions: record.versions.filter(each => each !== gone) });
    noted();
    return { versionId, ...(gone.kind === 'marker' && { marker: versionId }) };
  }
  if (bucket.record.versioning) {
    const marker: Version = {
      kind: 'marker',
      versionId: newVersionId(call.storage, bucket),
      modified: call.storage.clock.now(),
    };
    await addVersion(call.storage, bucket, key, marker);
    noted();
    return { marker: marker.versionId };
  }
  if (record) {
    await call.storage.saveKey(bucket, { key, versions: [] });
    noted();
  }
  return {};
}

export const deleteObject: Handler = async call => {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const check = writeCondition(call.request.headers, bucket, key);
  return inKeysTurn(call, bucket, key, async () => {
    check();
    const { versionId, marker } = await remove(call, bucket, key, call.request.query.get('versionId'));
    return {
      status: 204,
      headers: {
        'x-amz-delete-marker': marker && 'true',
        'x-amz-version-id': versionId ?? marker,
      },
    };
  });
};

export const deleteObjects: Handler = async call => {
  const bucket = bucketOf(call);
  const { headers } = call.request;
  if (
    !headers.has('content-md5') &&
    ![...headers.keys()].some(name => name.startsWith('x-amz-checksum-') || name === 'x-amz-trailer')
  ) {
    throw errors.invalidRequest('Missing required header for this request: Content-MD5');
  }
  const document = parseXml(await receiveText(call.request, call.signature));
  const asked = childrenOf(document, 'Object');
  if (document?.name !== 'Delete' || asked.length === 0 || asked.length > 1000) throw errors.malformedXml();
  const results = [];
  const failures = [];
  for (const each of asked) {
    // Not trimmed: spaces belong to a key.
    const Key = childrenOf(each, 'Key')[0]?.text ?? '';
    const VersionId = textOf(each, 'VersionId');
    const ifMatch = textOf(each, 'ETag');
    const check = writeCondition(new Map(ifMatch === undefined ? [] : [['if-match', ifMatch]]), bucket, Key);
    try {
      call.mayDelete(bucket.record.name, Key, VersionId);
      const { marker } = await inKeysTurn(call, bucket, Key, async () => {
        check();
        return remove(call, bucket, Key, VersionId);
      });
      results.push({ Key, VersionId, DeleteMarker: marker && true, DeleteMarkerVersionId: marker });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      failures.push({ Key, VersionId, Code: error.code, Message: error.message });
    }
  }
  const quiet = textOf(document, 'Quiet') === 'true';
  return xmlAnswer('DeleteResult', { Deleted: quiet ? [] : results, Error: failures });
};
