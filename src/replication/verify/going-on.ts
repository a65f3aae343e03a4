import type { Code } from '../../diagnostics/codes.ts';
import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import type { ObjectStore } from '../model/store.ts';

/**
 * The store for whoever looks for faults: what it won't hand out of one object is a fault of that object, and
 * the next one is looked at. The repository's configuration was read before, so the store can be reached.
 */
export const goingOn = (store: ObjectStore): ObjectStore => ({
  ...store,
  async get(key, options) {
    try {
      return await store.get(key, options);
    } catch (error) {
      if (!failedWith(error, 'aws-access-denied', 'aws-error', 'aws-throttled', 'file-access')) throw error;
      throw new Failure(
        error.diagnostics.map(one => ({ ...one, code: 'object-refused' satisfies Code })),
        { cause: error },
      );
    }
  },
});
