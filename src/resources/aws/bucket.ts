import pLimit from 'p-limit';
import type { BucketApi } from '../../aws/buckets.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { BuiltInType, Mistake, Observation, Outcome, Step } from '../../engine/model/resource-type.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { claimed, demandOurs } from '../shared/ownership.ts';
import { desiredLifecycle, wholeDays, withOurs } from './bucket-lifecycle.ts';
import { bucketNameProblem } from './bucket-name.ts';
import { withConditions } from './bucket-policy.ts';
import { type BucketProperties, schema } from './bucket-schema.ts';
import { bucketToManifest, type ListedBucket, listBuckets } from './list-buckets.ts';
import { type BucketState, observeBucket } from './observe-bucket.ts';

const inFlight = 8;

/** These say something about the target, not about one bucket: told once. */
const aboutTarget = new Set([
  'aws-unreachable',
  'aws-no-credentials',
  'aws-wrong-credentials',
  'aws-credentials-expired',
  'aws-clock-skew',
]);

function check({ lifecycle = {}, object_lock, versioning }: BucketProperties, title: string): Mistake[] {
  const problem = bucketNameProblem(title);
  return [
    ...(problem
      ? [
          mistake(
            '',
            'bucket-name',
            `S3 does not take ${JSON.stringify(title)} as the name of a bucket: ${problem}.`,
            'Names are shared by all AWS accounts: begin with something of your own, such as example-dr.',
          ),
        ]
      : []),
    ...Object.entries(lifecycle).flatMap(([name, duration]) =>
      wholeDays(duration) === undefined
        ? [
            mistake(
              `/lifecycle/${name}`,
              'lifecycle-days',
              `${name} of bucket ${title} is ${duration}, but S3 counts in whole days.`,
              'Write a number of days, such as 7d.',
            ),
          ]
        : [],
    ),
    ...(object_lock && versioning !== true
      ? [
          mistake(
            '/object_lock',
            'lock-without-versions',
            `S3 locks versions of objects, and bucket ${title} isn't declared to keep them.`,
            'Add `versioning: true`.',
          ),
        ]
      : []),
  ];
}

async function configure(
  api: BucketApi,
  name: string,
  should: BucketState,
  fields: ReadonlySet<string>,
  signal: AbortSignal,
) {
  if (fields.has('public_access') && should.public_access === 'blocked')
    await api.blockPublicAccess(name, signal);
  if (fields.has('versioning') && should.versioning !== undefined) {
    await api.setVersioning(name, should.versioning, signal);
  }
  if (fields.has('object_lock') && should.object_lock) await api.enableObjectLock(name, signal);
  if (fields.has('kms_key') && should.kms_key !== undefined)
    await api.setKmsKey(name, should.kms_key, signal);
  if (fields.has('conditional_writes') && should.conditional_writes !== undefined)
    await api.setPolicy(name, withConditions(await api.policy(name, signal), name), signal);
  if (fields.has('lifecycle') && should.lifecycle && Object.keys(should.lifecycle).length > 0) {
    await api.setLifecycle(name, withOurs(await api.lifecycle(name, signal), should.lifecycle), signal);
  }
}

/** First segments of the paths that differ; everything that is declared when the bucket is new. */
const topLevel = (step: Step<BucketProperties, BucketState>): Set<string> =>
  new Set(
    step.kind === 'update'
      ? step.fields.map(field => field.path.split('/')[1] ?? '')
      : step.kind === 'create'
        ? Object.keys(step.should)
        : [],
  );

/** Only an empty one is deleted, so that little is left to be done. */
const byHand = 'remove it in S3 yourself; it has to be empty there as well';

async function change(
  api: BucketApi,
  step: Step<BucketProperties, BucketState>,
  io: WriteIo,
): Promise<Outcome> {
  const { title } = step.asked;
  let untouched = true;
  const durable = async (name: string) => {
    await io.step(name);
    untouched = false;
  };
  try {
    if (step.kind === 'delete') {
      const tags = await api.tags(step.id, step.signal);
      await demandOurs({ type: 'bucket', title, tags, hint: byHand }, io);
      await io.step('delete-bucket');
      await api.remove(step.id, step.signal);
      return { ok: true };
    }
    if (step.kind === 'create') {
      await io.step('create-bucket');
      const claim = await claimed('bucket', title, io);
      await api.create(step.id, step.signal);
      // One that can't be tagged is never removed.
      await api.tag(step.id, claim.tags, step.signal);
    }
    await durable('configure-bucket');
    await configure(api, step.id, step.should, topLevel(step), step.signal);
    return { ok: true };
  } catch (error) {
    const diagnostic = oneDiagnostic(error);
    // A new bucket isn't seen everywhere at once.
    const retry = step.kind === 'create' && diagnostic.code === 'bucket-not-found' ? 'safe' : 'asked';
    return { ok: false, diagnostic, retry, undone: untouched };
  }
}

const failed = (diagnostic: Diagnostic): Observation<BucketState> => ({ state: 'failed', diagnostic });

export const bucket: BuiltInType<typeof schema, BucketState, ListedBucket> = {
  name: 'bucket',
  doc: [
    'An S3 bucket in the region of its target. The title is its name.',
    '',
    'What is not written is left as it is. `ensure: absent` deletes the bucket only while it is empty, and only one that',
    'converge made.',
    'Lifecycle rules that others have put on the bucket are kept.',
  ].join('\n'),
  version: 1,
  protects: true,
  // Each is a request of its own.
  apart: ['versioning'],
  schema,
  runs: { on: 'remote', target: 'aws' },
  // What reads from a bucket: repositories, and content on its way to this host.
  realm: {
    name: 's3',
    concurrency: inFlight,
    alsoDirties: [
      'alerts',
      'replication',
      'recovery',
      'left-snapshots',
      'raw_image',
      's3_sync',
      'downloads',
      'files',
    ],
  },
  check,
  identity: (_, title) => title,
  provides: (_, id) => [`s3-bucket:${id}`],
  desired: ({ versioning, public_access, lifecycle, ...others }) => ({
    ...others,
    ...(versioning !== undefined && { versioning }),
    ...(public_access === 'blocked' && { public_access }),
    ...(lifecycle && { lifecycle: desiredLifecycle(lifecycle) }),
  }),
  async observe(asked, io) {
    const api = await io.client('s3');
    const limit = pLimit(inFlight);
    const found = await limit.map(asked, async one => {
      try {
        return [one.id, await observeBucket(api, one, io.signal)] as const;
      } catch (error) {
        const diagnostic = oneDiagnostic(error);
        if (aboutTarget.has(diagnostic.code)) throw error;
        return [one.id, failed(diagnostic)] as const;
      }
    });
    return new Map(found);
  },
  list: listBuckets,
  toManifest: bucketToManifest,
  async apply(steps, io) {
    const api = await io.client('s3');
    const limit = pLimit(inFlight);
    const done = await limit.map(steps, async step => [step.id, await change(api, step, io)] as const);
    return new Map(done);
  },
};
