import { lifecycleProblem } from '../objects/lifecycle.ts';
import { canLock } from '../objects/lock.ts';
import type { Configuration } from '../objects/model.ts';
import { receiveText } from '../protocol/body.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import { childrenOf, parseXml, textOf } from '../protocol/xml.ts';
import { bucketOf, type Handler, xmlAnswer } from './call.ts';

export const getVersioning: Handler = async call => {
  const { versioning } = bucketOf(call).record;
  return xmlAnswer('VersioningConfiguration', { Status: versioning });
};

export const putVersioning: Handler = async call => {
  const bucket = bucketOf(call);
  const document = parseXml(await receiveText(call.request, call.signature));
  const status = textOf(document, 'Status');
  if (document?.name !== 'VersioningConfiguration') throw errors.malformedXml();
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw new S3Error(
      400,
      'IllegalVersioningConfigurationException',
      'The Versioning element must be specified',
    );
  }
  if (status === 'Suspended' && canLock(bucket))
    throw new S3Error(
      409,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  await call.storage.saveBucket({ ...bucket.record, versioning: status });
  return { status: 200 };
};

interface Kind {
  /** Root element of its document; undefined for JSON. */
  root?: string;
  /** What GET says when there is none. */
  missing: () => S3Error;
  /** Throws S3Error for a document that S3 would refuse. */
  check?: (text: string) => void;
  /** Status of PUT. */
  status?: number;
}

const missing = (code: string, message: string) => () => new S3Error(404, code, message);

function checkPolicy(text: string): void {
  const malformed = (why: string) => new S3Error(400, 'MalformedPolicy', why);
  let policy: { Statement?: unknown };
  try {
    policy = JSON.parse(text) as typeof policy;
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (typeof policy !== 'object' || policy === null || !policy.Statement) {
    throw malformed('Missing required field Statement');
  }
}

function checkTags(text: string): void {
  const tags = childrenOf(parseXml(text)?.children[0], 'Tag').map(tag => textOf(tag, 'Key') ?? '');
  if (new Set(tags).size < tags.length) {
    throw new S3Error(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
}

function checkLifecycle(text: string): void {
  const problem = lifecycleProblem(parseXml(text));
  if (problem) throw problem;
}

export const configurations: Record<Configuration, Kind> = {
  lifecycle: {
    root: 'LifecycleConfiguration',
    missing: missing('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
    check: checkLifecycle,
  },
  policy: {
    missing: missing('NoSuchBucketPolicy', 'The bucket policy does not exist'),
    check: checkPolicy,
    status: 204,
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    missing: missing(
      'NoSuchPublicAccessBlockConfiguration',
      'The public access block configuration was not found',
    ),
  },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    missing: missing(
      'ServerSideEncryptionConfigurationNotFoundError',
      'The server side encryption configuration was not found',
    ),
  },
  tagging: {
    root: 'Tagging',
    missing: missing('NoSuchTagSet', 'The TagSet does not exist'),
    check: checkTags,
    status: 204,
  },
  'object-lock': {
    root: 'ObjectLockConfiguration',
    missing: missing(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    ),
  },
  ownershipControls: {
    root: 'OwnershipControls',
    missing: missing('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'),
  },
};

export const getConfiguration =
  (name: Configuration): Handler =>
  async call => {
    const text = bucketOf(call).record.configuration[name];
    if (text === undefined) throw configurations[name].missing();
    const type = configurations[name].root ? 'application/xml' : 'application/json';
    return { status: 200, headers: { 'content-type': type }, body: text };
  };

export const putConfiguration =
  (name: Configuration): Handler =>
  async call => {
    const bucket = bucketOf(call);
    const kind = configurations[name];
    // Source: Amazon S3 user guide, "Configuring S3 Object Lock".
    if (name === 'object-lock' && bucket.record.versioning !== 'Enabled')
      throw new S3Error(
        409,
        'InvalidBucketState',
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      );
    const text = await receiveText(call.request, call.signature);
    if (kind.root && parseXml(text)?.name !== kind.root) throw errors.malformedXml();
    kind.check?.(text);
    await call.storage.saveBucket({
      ...bucket.record,
      configuration: { ...bucket.record.configuration, [name]: text },
    });
    return { status: kind.status ?? 200 };
  };

export const deleteConfiguration =
  (name: Configuration): Handler =>
  async call => {
    const bucket = bucketOf(call);
    const { [name]: _, ...configuration } = bucket.record.configuration;
    await call.storage.saveBucket({ ...bucket.record, configuration });
    return { status: 204 };
  };

/**
 * Holds everybody, the account too, to a policy that refuses what makes an object without a condition. Other
 * statements of a bucket's policy are kept and not carried out. Source: Amazon S3 user guide, "Enforce
 * conditional writes on Amazon S3 buckets".
 */
export const conditional =
  (handler: Handler): Handler =>
  async call => {
    const { headers } = call.request;
    const isSaid = headers.has('if-none-match') || headers.has('if-match');
    if (!isSaid && requiresCondition(bucketOf(call).record.configuration.policy))
      throw errors.accessDenied('Access Denied: an explicit deny in a resource-based policy');
    return handler(call);
  };

function requiresCondition(policy: string | undefined): boolean {
  if (policy === undefined) return false;
  const { Statement } = JSON.parse(policy) as { Statement?: unknown };
  return ([Statement].flat() as { Effect?: string; Action?: string; Condition?: { Null?: object } }[]).some(
    ({ Effect, Action, Condition }) =>
      Effect === 'Deny' &&
      Action === 's3:PutObject' &&
      ['s3:if-none-match', 's3:if-match'].every(key => key in (Condition?.Null ?? {})),
  );
}
