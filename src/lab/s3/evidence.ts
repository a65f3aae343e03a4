import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const api = (page: string) => `Amazon S3 API Reference, ${page}`;
const iam = (page: string) => `IAM User Guide, "${page}"`;
const guide = (page: string) => `Amazon S3 User Guide, "${page}"`;
const clients = 'AWS SDK for JavaScript, AWS CLI, boto3 and rclone';

const rows: EvidenceRow[] = [
  // Who may
  ['verified', 'Signature version 4 in the header, payload signed or unsigned', clients],
  ['verified', 'Presigned URLs', 'boto3 generate_presigned_url'],
  ['verified', 'aws-chunked bodies with an unsigned trailer', 'AWS SDK for JavaScript and boto3, streams'],
  [
    'quoted',
    'aws-chunked bodies with signed chunks and signed trailers',
    api('Signature calculations: multiple chunks, trailing headers'),
  ],
  [
    'quoted',
    'Unknown key, wrong signature, skew beyond 15 minutes: 403 with these codes',
    api('Error responses'),
  ],
  [
    'believed',
    'A wrong region in the credential scope is 400 AuthorizationHeaderMalformed with the Region',
    'messages seen by users of S3',
  ],
  [
    'believed',
    'An x-amz- header that is not signed is AccessDenied with HeadersNotSigned',
    'messages seen by users of S3',
  ],
  [
    'verified',
    'What the role of the instance is not allowed is 403 AccessDenied; the message names user, action and resource',
    'message quoted in aws-ia/terraform-aws-bedrock issue 41',
  ],
  [
    'quoted',
    'An object that is not there is 403 to whoever may not list the bucket',
    api('GetObject, Permissions'),
  ],
  ['believed', 'That message then names s3:ListBucket', 'messages seen by users of S3'],
  [
    'quoted',
    '`*` and `?` in Action and Resource, `${aws:userid}` in Resource',
    iam('IAM JSON policy elements'),
  ],
  [
    'believed',
    'Lab only: of policies, statements that allow actions on resources are known; others are refused when they are set',
    'by design',
  ],
  // Bodies
  [
    'verified',
    'A wrong x-amz-checksum-* is 400 BadDigest',
    'boto3; message quoted in aws/aws-sdk-ruby issue 3322',
  ],
  ['quoted', 'A wrong x-amz-content-sha256 is 400 XAmzContentSHA256Mismatch', api('Error responses')],
  [
    'believed',
    'A trailer that was announced and is missing is MalformedTrailerError',
    'error list of other servers',
  ],
  [
    'believed',
    'Lab only: an object put without a checksum has none; S3 would add CRC64NVME',
    guide('Checking object integrity'),
  ],
  // Conditions
  [
    'quoted',
    'If-None-Match: * and If-Match on PutObject, CompleteMultipartUpload, CopyObject: 412',
    guide('Add preconditions to S3 operations with conditional requests'),
  ],
  [
    'quoted',
    'If-Match on a key that is not there is 404',
    guide('How to prevent object overwrites with conditional writes'),
  ],
  [
    'quoted',
    'A delete in the middle of a conditional write is 409 ConditionalRequestConflict',
    guide('How to prevent object overwrites with conditional writes'),
  ],
  [
    'believed',
    'Of several conditional writers at once the others get 412; S3 may give some of them 409',
    api('PutObject, If-None-Match'),
  ],
  ['quoted', 'If-Match on DeleteObject and in DeleteObjects', guide('How to perform conditional deletes')],
  // Listing
  ['verified', 'Pages of ListObjectsV2, ListObjects, ListObjectVersions; encoding-type=url', clients],
  ['quoted', 'Keys come in the order of their UTF-8 bytes', api('ListObjectsV2')],
  ['believed', 'start-after inside a common prefix still shows that prefix', 'versity/versitygw issue 1275'],
  // Versions
  [
    'verified',
    'Version ids, reading by version, deleting versions and markers',
    'boto3 object_versions, AWS CLI',
  ],
  [
    'quoted',
    'While suspended, writes and deletes replace the null version only',
    guide('Working with objects in a versioning-suspended bucket'),
  ],
  [
    'quoted',
    'A marker read by version id is 405, read as newest 404 with x-amz-delete-marker',
    guide('Working with delete markers'),
  ],
  // Multipart
  ['verified', 'Upload in parts, ETag of the parts with -N, copy of parts, list and abort', clients],
  [
    'quoted',
    'Parts but the last have at least 5 MiB; order and ETags are checked',
    api('CompleteMultipartUpload'),
  ],
  [
    'believed',
    'A part with another checksum than its upload announced is InvalidRequest',
    'romange/helio pull request 152',
  ],
  ['believed', 'DeleteBucket succeeds with uploads in progress', 'not found in the documentation'],
  // Buckets
  [
    'quoted',
    'Names, LocationConstraint and BucketAlreadyOwnedByYou; us-east-1 answers 200 to its owner',
    api('CreateBucket'),
  ],
  [
    'quoted',
    'A bucket of another account: 403, and 409 BucketAlreadyExists on creation',
    api('Error responses'),
  ],
  [
    'quoted',
    'New buckets have all public access blocked',
    guide('Blocking public access to your Amazon S3 storage'),
  ],
  [
    'believed',
    'Which lifecycle configurations are refused, and with which code',
    api('PutBucketLifecycleConfiguration'),
  ],
  ['believed', 'Lab only: policies, lifecycle and encryption are stored and not carried out', 'by design'],
  ['believed', 'Control characters in keys make DeleteObjects MalformedXML', 'XML 1.0'],
];

export const evidence = evidenceOf(rows);
