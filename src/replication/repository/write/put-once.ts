import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { retry } from '../../../io/retry.ts';
import { damaged } from '../../model/damage.ts';
import type { ObjectLock } from '../../model/object-lock.ts';
import type { ObjectStore } from '../../model/store.ts';

/**
 * PUTs an object whose name is random and used once. When the answer got lost it asks again: "there
 * already" then means that the first request went through.
 */
export async function putOnce(
  store: ObjectStore,
  key: string,
  bytes: Buffer,
  { signal, lock }: { signal?: AbortSignal; lock?: ObjectLock | undefined } = {},
): Promise<void> {
  const options = {
    when: { ifNoneMatch: '*' } as const,
    ...(signal ? { signal } : {}),
    ...(lock && { lock }),
  };
  const mayPass = (error: unknown) => failedWith(error, 'answer-lost');
  // At once: the store has waited for its answer already.
  const put = await retry({ attempts: 3 }, { signal, mayPass }, () => store.put(key, bytes, options));
  // As a folder is in a file system, which is there and holds nothing.
  if (!put.ok && !(await store.head(key)))
    throw damaged(key, 'it was refused as being there already, and is not there');
}
