import { createBucket, deleteBucket, getLocation, headBucket, listBuckets } from './handlers/bucket.ts';
import {
  conditional,
  configurations,
  deleteConfiguration,
  getConfiguration,
  getVersioning,
  putConfiguration,
  putVersioning,
} from './handlers/bucket-config.ts';
import type { Handler } from './handlers/call.ts';
import { copyObject, copyPart } from './handlers/copy-object.ts';
import { deleteObject, deleteObjects } from './handlers/delete-object.ts';
import { getObject, headObject } from './handlers/get-object.ts';
import { listObjectsV1, listObjectsV2, listObjectVersions } from './handlers/list-objects.ts';
import { listParts, listUploads } from './handlers/list-uploads.ts';
import { abortUpload, completeUpload, createUpload, uploadPart } from './handlers/multipart.ts';
import { getRetention, putRetention } from './handlers/object-lock.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './handlers/object-tagging.ts';
import { putObject } from './handlers/put-object.ts';
import type { Configuration } from './objects/model.ts';
import { errors, S3Error } from './protocol/errors.ts';
import type { S3Request } from './protocol/request.ts';

type Routes = Record<string, Handler>;

/** Query parameters that select another operation than the plain one. What isn't routed is refused. */
const subresources = `
  accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold
  lifecycle location logging metadataConfiguration metrics notification object-lock ownershipControls
  policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention
  select session tagging torrent uploadId uploads versioning versions website`
  .trim()
  .split(/\s+/);

const bucketRoutes: Routes = {
  'PUT ': createBucket,
  'DELETE ': deleteBucket,
  'HEAD ': headBucket,
  'GET ': call => (call.request.query.get('list-type') === '2' ? listObjectsV2 : listObjectsV1)(call),
  'GET location': getLocation,
  'GET versioning': getVersioning,
  'PUT versioning': putVersioning,
  'GET versions': listObjectVersions,
  'GET uploads': listUploads,
  'POST delete': deleteObjects,
};
for (const name of Object.keys(configurations) as Configuration[]) {
  bucketRoutes[`GET ${name}`] = getConfiguration(name);
  bucketRoutes[`PUT ${name}`] = putConfiguration(name);
  // Once objects can be locked that is so for good.
  if (name !== 'object-lock') bucketRoutes[`DELETE ${name}`] = deleteConfiguration(name);
}

const isCopy: (request: S3Request) => boolean = request => request.headers.has('x-amz-copy-source');
const objectRoutes: Routes = {
  'PUT ': conditional(call => (isCopy(call.request) ? copyObject : putObject)(call)),
  'GET ': getObject,
  'HEAD ': headObject,
  'DELETE ': deleteObject,
  'POST uploads': createUpload,
  'PUT uploadId': call => (isCopy(call.request) ? copyPart : uploadPart)(call),
  'GET uploadId': listParts,
  'POST uploadId': conditional(completeUpload),
  'DELETE uploadId': abortUpload,
  'GET tagging': getObjectTagging,
  'PUT tagging': putObjectTagging,
  'DELETE tagging': deleteObjectTagging,
  'GET retention': getRetention,
  'PUT retention': putRetention,
};

/** The handler of a request. Throws NotImplemented for what the lab's S3 does not know. */
export function route(request: S3Request): Handler {
  const subresource = subresources.find(name => request.query.has(name)) ?? '';
  const routes =
    request.key !== undefined
      ? objectRoutes
      : request.bucket !== undefined
        ? bucketRoutes
        : { 'GET ': listBuckets };
  const handler = routes[`${request.method} ${subresource}`];
  if (handler) return handler;
  if (subresource !== '') throw errors.notImplemented(`${request.method} ?${subresource}`);
  throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    Method: request.method,
    ResourceType: request.key !== undefined ? 'OBJECT' : request.bucket !== undefined ? 'BUCKET' : 'SERVICE',
  });
}
