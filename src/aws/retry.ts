import { setMaxListeners } from 'node:events';
import type { Clock, Random } from '../io/ports.ts';
import { bulkTime, longestDelay, type Patience } from '../io/until.ts';
import { classify, type ErrorClass } from './errors.ts';

/** What a call over the wire was: each attempt is `made`, each further one also `retried`. */
export type CallKind = 'made' | 'retried' | 'throttled';

export interface Retrying {
  clock: Clock;
  random: Random;
  onCall?: (kind: CallKind) => void;
  /** Ends the waiting of what nobody asks for any more. */
  closed?: AbortSignal;
}

export interface RetryOptions {
  signal?: AbortSignal | undefined;
  /** Default: quick. */
  patience?: Patience;
  /** Whether to try again after an error; by default after all that may pass. */
  again?: (error: unknown, kind: ErrorClass) => boolean;
}

const attempts = 5;
const firstDelay = 100;

/** Full jitter: anywhere between nothing and a bound that doubles. Milliseconds. */
function delay(attempt: number, random: Random): number {
  const share = random.bytes(4).readUInt32BE() / 2 ** 32;
  return Math.ceil(share * Math.min(longestDelay, firstDelay * 2 ** attempt));
}

/**
 * Runs a call up to five times, or as often as fits into the bulk patience. The SDK's own retries are off: they wait on a clock that tests
 * cannot step, and they hide from a conditional PUT that an earlier attempt may have been done.
 *
 * Rejects with the last error, or the signal's reason.
 */
export async function withRetries<T>(
  run: (signal: AbortSignal | undefined) => Promise<T>,
  { clock, random, onCall, closed }: Retrying,
  { signal, patience = 'quick', again = (_, kind) => kind !== 'final' }: RetryOptions = {},
): Promise<T> {
  const waiting = [signal, closed].filter(each => each !== undefined);
  if (waiting.length > 0) setMaxListeners(0, ...waiting);
  const since = clock.now();
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
      const spent = patience === 'bulk' ? clock.now() - since >= bulkTime : attempt + 1 === attempts;
      if (!again(error, kind) || spent) throw error;
      await clock.sleep(delay(attempt, random), AbortSignal.any(waiting)).catch(reason => {
        throw closed?.aborted && !signal?.aborted ? error : reason;
      });
    }
  }
}
