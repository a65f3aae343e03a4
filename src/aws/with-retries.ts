import { setMaxListeners } from 'node:events';
import type { Clock, Random } from '../io/ports.ts';
import { bulkTime, longestDelay, type Patience, quickTime, retry, type Waits } from '../io/retry.ts';
import { elapsed } from '../io/until.ts';
import { classify, type ErrorClass } from './errors.ts';

/** What a call over the wire was: each attempt is `made`, each further one also `retried`. */
export type CallKind = 'made' | 'retried' | 'throttled';

export interface Retrying {
  clock: Clock;
  random: Random;
  onCall?: (kind: CallKind) => void;
  /** Hears of the calls that are tried for long. */
  long?: Waits;
  /** Ends the waiting of what nobody asks for any more. */
  closed?: AbortSignal;
}

export interface RetryOptions {
  signal?: AbortSignal | undefined;
  /** Default: quick. */
  patience?: Patience;
  /** What an error means, for whoever hears that a call waits. */
  words?: (error: unknown) => unknown;
  /** Whether to try again after an error; by default after all that may pass. */
  again?: (error: unknown, kind: ErrorClass) => boolean;
}

const quick = { attempts: 5, atMost: quickTime, first: 100, cap: longestDelay };
const bulk = { atMost: bulkTime, first: 100, cap: longestDelay };

/**
 * Runs a call up to five times, or as often as fits into its patience, with full jitter. The SDK's own
 * retries are off: they wait on a clock that tests cannot step, and they hide from a conditional PUT that an
 * earlier attempt may have been done.
 *
 * Rejects with the last error, or the signal's reason.
 */
export async function withRetries<T>(
  run: (signal: AbortSignal | undefined) => Promise<T>,
  { clock, random, onCall, closed, long }: Retrying,
  {
    signal,
    patience = 'quick',
    again = (_, kind) => kind !== 'final',
    words = error => error,
  }: RetryOptions = {},
): Promise<T> {
  const listened = [signal, closed].filter(each => each !== undefined);
  if (listened.length > 0) setMaxListeners(0, ...listened);
  let lost = 0;
  /** When the other side was there last, or it began. */
  let there = clock.now();
  const mayPass = (error: unknown) => {
    const kind = classify(error);
    if (kind === 'throttled') {
      onCall?.('throttled');
      there = clock.now();
    } else if (patience === 'polite') {
      lost++;
      if (lost >= quick.attempts || elapsed(clock, there) >= quickTime) return false;
    }
    return again(error, kind);
  };
  const policy = patience === 'quick' ? quick : bulk;
  const told: Waits | undefined =
    patience === 'quick' || !long
      ? undefined
      : { ...long, waits: (error, since) => long.waits(words(error), since) };
  return retry(policy, { clock, random, signal, closed, mayPass, long: told }, attempt => {
    onCall?.('made');
    if (attempt > 1) onCall?.('retried');
    return run(signal);
  });
}
