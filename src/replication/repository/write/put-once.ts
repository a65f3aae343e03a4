import { failedWith } from '../../../diagnostics/diagnostic.ts';
import type { ObjectStore } from '../../model/store.ts';

/**
 * PUTs an object whose name is random and used once. When the answer got lost it asks again: "there
 * already" then means that the first request went through.
 */
export async function putOnce(
  store: ObjectStore,
  key: string,
  bytes: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const options = { when: { ifNoneMatch: '*' } as const, ...(signal ? { signal } : {}) };
  for (let attempt = 1; ; attempt++) {
    try {
      await store.put(key, bytes, options);
      return;
    } catch (error) {
      if (attempt === 3 || !failedWith(error, 'answer-lost')) throw error;
    }
  }
}
