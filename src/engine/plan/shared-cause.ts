import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Address } from '../model/catalog.ts';
import type { Run } from '../model/run.ts';

/**
 * The dependency that could not be observed for the same cause as `address`: whose trouble it is, and
 * who tells it.
 */
export function sharedCause(
  run: Run,
  address: Address,
  dependsOn: readonly Address[],
): { first: Address; own: Diagnostic } | undefined {
  const failureOf = (one: Address) => {
    const observation = run.observed.get(one);
    return observation?.state === 'failed' ? observation.diagnostic : undefined;
  };
  const own = failureOf(address);
  if (own?.cause === undefined) return undefined;
  const first = dependsOn.find(one => failureOf(one)?.cause === own.cause);
  return first === undefined ? undefined : { first, own };
}
