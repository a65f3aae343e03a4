import type { BucketApi } from '../../aws/buckets.ts';
import type { Asked, Observation } from '../../engine/model/resource-type.ts';
import { lifecycleState } from './bucket-lifecycle.ts';
import type { BucketProperties, LifecycleProperties } from './bucket-schema.ts';

/** Only what the manifest speaks of is read and compared. */
export interface BucketState {
  versioning?: boolean;
  public_access?: 'blocked' | 'not blocked';
  lifecycle?: LifecycleProperties;
}

/** Only what `properties` speak of is read. Rejects with a Failure. */
export async function observeBucket(
  api: BucketApi,
  { id, properties }: Pick<Asked<BucketProperties>, 'id' | 'properties'>,
  signal: AbortSignal,
): Promise<Extract<Observation<BucketState>, { state: 'present' | 'absent' }>> {
  if (!(await api.exists(id, signal))) return { state: 'absent' };
  const [versioning, blocked, lifecycle] = await Promise.all([
    properties.versioning !== undefined && api.versioning(id, signal),
    properties.public_access === 'blocked' && api.publicAccessBlocked(id, signal),
    properties.lifecycle !== undefined && api.lifecycle(id, signal),
  ]);
  return {
    state: 'present',
    value: {
      ...(properties.versioning !== undefined && { versioning }),
      ...(properties.public_access === 'blocked' && { public_access: blocked ? 'blocked' : 'not blocked' }),
      ...(lifecycle && { lifecycle: lifecycleState(lifecycle) }),
    },
  };
}
