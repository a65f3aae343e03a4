import Type, { type Static } from 'typebox';

export const schema = Type.Object(
  {
    versioning: Type.Optional(
      Type.Boolean({
        description: 'Keep old versions of objects. `false` suspends: versions that are there stay.',
        'x-grade': { order: [false, true] },
      }),
    ),
    public_access: Type.Optional(
      Type.Union([Type.Literal('blocked'), Type.Literal('unmanaged')], {
        description: '`blocked` turns all four blocks of public access on.',
        'x-grade': { order: ['not blocked', 'unmanaged', 'blocked'] },
      }),
    ),
    object_lock: Type.Optional(
      Type.Literal(true, {
        description:
          'Objects can be locked, each by itself; for good, and only with `versioning: true`. There is no lock that every new object gets: what a cycle replaces could not be removed.',
      }),
    ),
    kms_key: Type.Optional(
      Type.String({
        pattern: '^arn:aws:kms:[a-z0-9-]+:\\d{12}:(key|alias)/.+$',
        description: 'ARN of the key of KMS that new objects are encrypted with, by a key of the bucket.',
      }),
    ),
    conditional_writes: Type.Optional(
      Type.Literal('required', {
        description:
          'S3 refuses whoever writes an object without saying what may be there before (If-None-Match or If-Match), so that nobody overwrites a recovery point by mistake.',
      }),
    ),
    lifecycle: Type.Optional(
      Type.Object(
        {
          abort_incomplete_uploads: Type.Optional(
            Type.String({
              format: 'duration',
              description:
                'Remove the parts of multipart uploads that nobody completed, after whole days: `7d`.',
            }),
          ),
          expire_old_versions: Type.Optional(
            Type.String({
              format: 'duration',
              description:
                'Remove versions that were replaced or deleted, whole days after that: `30d`. Versions that are locked stay as long as their lock says.',
            }),
          ),
        },
        { additionalProperties: false, description: 'What S3 does to the content by itself.' },
      ),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type BucketProperties = Static<typeof schema>;
/** What is said about the life of a bucket's content; each becomes one rule. */
export type LifecycleProperties = NonNullable<BucketProperties['lifecycle']>;
