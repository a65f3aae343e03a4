import { parseTagging } from '../objects/object-description.ts';
import { findVersion, versionHeader } from '../objects/versions.ts';
import { receiveText } from '../protocol/body.ts';
import { bucketOf, type Call, type Handler, inKeysTurn, keyOf, xmlAnswer } from './call.ts';

export const getObjectTagging: Handler = async call => {
  const bucket = bucketOf(call);
  const version = findVersion(bucket, keyOf(call), call.request.query.get('versionId'));
  const Tag = Object.entries(version.tags).map(([Key, Value]) => ({ Key, Value }));
  return xmlAnswer('Tagging', { TagSet: { Tag } }, versionHeader(bucket, version));
};

async function setTags(call: Call, tags: Record<string, string>, status: number) {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  return inKeysTurn(call, bucket, key, async () => {
    const version = findVersion(bucket, key, call.request.query.get('versionId'));
    const versions = (bucket.keys.get(key)?.versions ?? []).map(each =>
      each === version ? { ...version, tags } : each,
    );
    await call.storage.saveKey(bucket, { key, versions });
    return { status, headers: versionHeader(bucket, version) };
  });
}

export const putObjectTagging: Handler = async call =>
  setTags(call, parseTagging(await receiveText(call.request, call.signature)), 200);
export const deleteObjectTagging: Handler = call => setTags(call, {}, 204);
