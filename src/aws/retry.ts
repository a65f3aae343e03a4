import { setMaxListeners } from 'node:events';
import type { Clock, Random } from '../io/ports.ts';
import { classify, type ErrorClass } from './errors.ts';

/** What a call over the wire was: each attempt is `made`, each further one also `retried`. */
export type CallKind = 'made' | 'retried' | 'throttled';

export interface Retrying {
  clock: Clock;
  random: Random;
  onCall?: (kind: CallKind) => void;
}

const attempts = 5;
const firstDelay = 100;
const longestDelay = 10_000;

/** Full jitter: anywhere between nothing and a bound that doubles. Milliseconds. */
function delay(attempt: number, random: Random): number {
  const share = random.bytes(4).readUInt32BE() / 2 ** 32;
  return Math.ceil(share * Math.min(longestDelay, firstDelay * 2 ** attempt));
}

/**
 * Runs a call up to five times. The SDK's own retries are off: they wait on a clock that tests
 * cannot step, and they hide from a conditional PUT that an earlier attempt may have been done.
 *
 * `again` decides about an error; by default what may pass away is tried again. Rejects with the
 * last error, or the signal's reason.
 */
export async function withRetries<T>(
  run: (signal: AbortSignal | undefined) => Promise<T>,
  { clock, random, onCall }: Retrying,
  signal?: AbortSignal,
  again: (error: unknown, kind: ErrorClass) => boolean = (_, kind) => kind !== 'final',
): Promise<T> {
  if (signal) setMaxListeners(0, signal);
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    onCall?.('made');
    if (attempt > 0) onCall?.('retried');
    try {
      return await run(signal);
    } catch (error) {
      signal?.throwIfAborted();
      const kind = classify(error);
      if (kind === 'throttled') onCall?.('throttled');
      if (!again(error, kind) || attempt + 1 === attempts) throw error;
    }
    await clock.sleep(delay(attempt, random), signal);
  }
}
