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
