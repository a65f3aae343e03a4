import type { BucketApi } from '../../aws/buckets.ts';
import type { Asked, Observation } from '../../engine/model/resource-type.ts';
import { lifecycleState } from './bucket-lifecycle.ts';
import { requiresConditions } from './bucket-policy.ts';
import type { BucketProperties, LifecycleProperties } from './bucket-schema.ts';

/** Only what the manifest speaks of is read and compared. */
export interface BucketState {
  versioning?: boolean;
  public_access?: 'blocked' | 'not blocked';
  object_lock?: boolean;
  kms_key?: string;
  conditional_writes?: 'required' | 'not required';
  lifecycle?: LifecycleProperties;
}

/** Only what `properties` speak of is read. Rejects with a Failure. */
export async function observeBucket(
  api: BucketApi,
  { id, properties }: Pick<Asked<BucketProperties>, 'id' | 'properties'>,
  signal: AbortSignal,
): Promise<Extract<Observation<BucketState>, { state: 'present' | 'absent' }>> {
  if (!(await api.exists(id, signal))) return { state: 'absent' };
  const [versioning, blocked, lifecycle, lock, key, policy] = await Promise.all([
    properties.versioning !== undefined && api.versioning(id, signal),
    properties.public_access === 'blocked' && api.publicAccessBlocked(id, signal),
    properties.lifecycle !== undefined && api.lifecycle(id, signal),
    properties.object_lock !== undefined && api.objectLock(id, signal),
    properties.kms_key !== undefined && api.kmsKey(id, signal),
    properties.conditional_writes !== undefined && api.policy(id, signal),
  ]);
  return {
    state: 'present',
    value: {
      ...(properties.versioning !== undefined && { versioning }),
      ...(properties.public_access === 'blocked' && { public_access: blocked ? 'blocked' : 'not blocked' }),
      ...(properties.object_lock !== undefined && { object_lock: lock }),
      ...(properties.kms_key !== undefined && key !== undefined && key !== false && { kms_key: key }),
      ...(properties.conditional_writes !== undefined && {
        conditional_writes: requiresConditions(policy || undefined, id) ? 'required' : 'not required',
      }),
      ...(lifecycle && { lifecycle: lifecycleState(lifecycle) }),
    },
  };
}
