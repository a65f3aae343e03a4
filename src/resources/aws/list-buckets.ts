import pLimit from 'p-limit';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Adoptable, Listed, ListQuery } from '../../engine/model/resource-type.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import type { BucketProperties } from './bucket-schema.ts';
import { type BucketState, observeBucket } from './observe-bucket.ts';

export interface ListedBucket {
  name: string;
  is: BucketState;
}

const inFlight = 8;

/** Everything that a manifest can say about a bucket. */
const all: BucketProperties = {
  versioning: true,
  public_access: 'blocked',
  object_lock: true,
  kms_key: '',
  conditional_writes: 'required',
  lifecycle: {},
};

/** The buckets of these names, or all of the account in the region. */
export async function* listBuckets(
  { titles }: ListQuery<BucketProperties>,
  io: ReadIo,
): AsyncIterable<Listed<ListedBucket>> {
  const api = await io.client('s3');
  const limit = pLimit(inFlight);
  const look = async (name: string): Promise<Listed<ListedBucket>> => {
    try {
      const seen = await observeBucket(api, { id: name, properties: all }, io.signal);
      if (seen.state === 'present') return { state: 'present', value: { name, is: seen.value } };
      // Who may look at one bucket need not be allowed to list them.
      const hint = suggest(name, await api.list(io.signal).catch(() => []));
      const text = `there is no bucket ${name}`;
      return {
        state: 'failed',
        diagnostic: world('bucket-not-found', text, hint === undefined ? {} : { hint }),
      };
    } catch (error) {
      io.signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      return { state: 'failed', diagnostic: oneDiagnostic(error) };
    }
  };
  const names = titles ?? (await api.list(io.signal));
  yield* await Promise.all(names.map(name => limit(() => look(name))));
}

/** What isn't blocked is written as not managed: nothing would change, and a reader sees it. */
export const bucketToManifest = ({
  name,
  is: { versioning, public_access, object_lock, kms_key, conditional_writes, lifecycle },
}: ListedBucket): Adoptable => ({
  title: name,
  properties: {
    ...(versioning !== undefined && { versioning }),
    ...(public_access !== undefined && {
      public_access: public_access === 'blocked' ? 'blocked' : 'unmanaged',
    }),
    ...(object_lock && { object_lock }),
    ...(kms_key !== undefined && /^arn:/.test(kms_key) && { kms_key }),
    ...(conditional_writes === 'required' && { conditional_writes }),
    ...(lifecycle && Object.keys(lifecycle).length > 0 && { lifecycle }),
  },
  exists: true,
});
