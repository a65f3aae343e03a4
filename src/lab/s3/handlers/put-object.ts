import { writeCondition } from '../objects/conditions.ts';
import { retentionOf } from '../objects/lock.ts';
import type { Blob, ObjectVersion } from '../objects/model.ts';
import { describe } from '../objects/object-description.ts';
import { addVersion, newVersionId, versionHeader } from '../objects/versions.ts';
import { type Received, receive } from '../protocol/body.ts';
import type { Checksum } from '../protocol/checksums.ts';
import { headerOf } from '../protocol/checksums.ts';
import { bucketOf, type Call, type Handler, inKeysTurn, keyOf } from './call.ts';

/** Reads the body into a blob; on any error nothing of it is left. */
export async function receiveBlob(call: Call): Promise<{ received: Received; blob: Blob }> {
  const writer = await call.storage.createBlob();
  try {
    const received = await receive(call.request, call.signature, piece => writer.write(piece));
    return { received, blob: await writer.keep() };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

export const checksumHeaders = (checksum: Checksum | undefined): Record<string, string> =>
  checksum ? { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};

export const putObject: Handler = async call => {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const check = writeCondition(call.request.headers, bucket, key);
  const described = describe(call.request.headers);
  const retention = retentionOf(call.request.headers, bucket, call.storage.clock.now());
  const { received, blob } = await receiveBlob(call);
  return inKeysTurn(call, bucket, key, async () => {
    check();
    const version: ObjectVersion = {
      kind: 'object',
      versionId: newVersionId(call.storage, bucket),
      modified: call.storage.clock.now(),
      size: received.size,
      etag: received.md5,
      blobs: [blob],
      ...(received.checksum && { checksum: { ...received.checksum, type: 'FULL_OBJECT' } }),
      ...(retention && { retention }),
      ...described,
    };
    await addVersion(call.storage, bucket, key, version);
    return {
      status: 200,
      headers: {
        etag: `"${version.etag}"`,
        'x-amz-server-side-encryption': version.headers['x-amz-server-side-encryption'],
        ...versionHeader(bucket, version),
        ...checksumHeaders(version.checksum),
      },
    };
  }).catch(async error => {
    await call.storage.removeBlobs([blob]);
    throw error;
  });
};
