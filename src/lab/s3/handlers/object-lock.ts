import { demandStronger, parseRetention } from '../objects/lock.ts';
import { findVersion, versionHeader } from '../objects/versions.ts';
import { receiveText } from '../protocol/body.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import { bucketOf, type Handler, inKeysTurn, isoTime, keyOf, xmlAnswer } from './call.ts';
import { bypasses } from './delete-object.ts';

export const getRetention: Handler = async call => {
  const bucket = bucketOf(call);
  const { retention } = findVersion(bucket, keyOf(call), call.request.query.get('versionId'));
  if (!retention)
    throw new S3Error(
      404,
      'NoSuchObjectLockConfiguration',
      'The specified object does not have a ObjectLock configuration',
    );
  return xmlAnswer('Retention', { Mode: retention.mode, RetainUntilDate: isoTime(retention.until) });
};

export const putRetention: Handler = async call => {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const { headers, query } = call.request;
  if (!headers.has('content-md5') && ![...headers.keys()].some(name => name.startsWith('x-amz-checksum-')))
    throw errors.invalidRequest('Missing required header for this request: Content-MD5');
  const text = await receiveText(call.request, call.signature);
  return inKeysTurn(call, bucket, key, async () => {
    const now = call.storage.clock.now();
    const retention = parseRetention(text, bucket, now);
    call.mayLock(bucket.record.name, key, retention?.until);
    const version = findVersion(bucket, key, query.get('versionId'));
    demandStronger(version, retention, now, bypasses(call, key));
    const { retention: _, ...plain } = version;
    const versions = (bucket.keys.get(key)?.versions ?? []).map(each =>
      each === version ? { ...plain, ...(retention && { retention }) } : each,
    );
    await call.storage.saveKey(bucket, { key, versions });
    return { status: 200, headers: versionHeader(bucket, version) };
  });
};
