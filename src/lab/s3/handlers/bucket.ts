import { receiveText } from '../protocol/body.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import { parseXml, textOf } from '../protocol/xml.ts';
import { bucketOf, type Handler, isoTime, owner, xmlAnswer } from './call.ts';

/** "Bucket naming rules" of the S3 user guide, those for general purpose buckets. */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}

export const listBuckets: Handler = async ({ storage }) =>
  xmlAnswer('ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: {
      Bucket: [...storage.buckets.from('')]
        .filter(([, bucket]) => bucket.record.owner === 'self')
        .map(([Name, bucket]) => ({ Name, CreationDate: isoTime(bucket.record.created) })),
    },
  });

/** What a bucket says that was made with Object Lock: versions can be locked, and none is by itself. */
const locking =
  '<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>';

export const createBucket: Handler = async ({ request, signature, storage, region }) => {
  const name = request.bucket ?? '';
  const text = await receiveText(request, signature);
  if (!isBucketName(name)) {
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  }
  const document = text === '' ? undefined : parseXml(text);
  if (text !== '' && document?.name !== 'CreateBucketConfiguration') throw errors.malformedXml();
  const asked = textOf(document, 'LocationConstraint') || 'us-east-1';
  if (asked !== region) {
    throw new S3Error(
      400,
      'IllegalLocationConstraintException',
      `The ${asked === 'us-east-1' ? 'unspecified' : asked} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  return storage.inTurn(name, async () => {
    const known = storage.buckets.get(name)?.record;
    if (known?.owner === 'foreign') {
      throw new S3Error(
        409,
        'BucketAlreadyExists',
        'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
        { BucketName: name },
      );
    }
    // The oldest region still answers 200 to the owner's second creation.
    if (known && region !== 'us-east-1') {
      throw new S3Error(
        409,
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        { BucketName: name },
      );
    }
    if (!known) {
      // What every new bucket has had since April 2023.
      const publicAccessBlock =
        '<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>';
      const isLocking = request.headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
      await storage.saveBucket({
        name,
        created: storage.clock.now(),
        owner: 'self',
        ...(isLocking && { versioning: 'Enabled' }),
        configuration: { publicAccessBlock, ...(isLocking && { 'object-lock': locking }) },
      });
    }
    return { status: 200, headers: { location: `/${name}` } };
  });
};

export const deleteBucket: Handler = async call => {
  const bucket = bucketOf(call);
  if (bucket.keys.size > 0) {
    const onlyOld = [...bucket.keys.values()].every(key => key.versions[0]?.kind === 'marker');
    throw new S3Error(
      409,
      'BucketNotEmpty',
      onlyOld
        ? 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.'
        : 'The bucket you tried to delete is not empty',
      { BucketName: bucket.record.name },
    );
  }
  await call.storage.removeBlobs(
    [...bucket.uploads.values()].flatMap(upload => upload.parts.map(part => part.blob)),
  );
  await call.storage.removeBucket(bucket.record.name);
  return { status: 204 };
};

export const headBucket: Handler = async call => {
  bucketOf(call);
  return { status: 200, headers: { 'x-amz-bucket-region': call.region, 'content-type': 'application/xml' } };
};

/** The oldest region is an empty LocationConstraint. */
export const getLocation: Handler = async call => {
  bucketOf(call);
  const region = call.region === 'us-east-1' ? '' : call.region;
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${region}</LocationConstraint>`,
  };
};
