import type { Clock } from '../../io/ports.ts';
import { longestDelay } from '../../io/until.ts';

export interface RetryPolicy {
  clock: Clock;
  /** How often `work` runs at most. */
  attempts: number;
  /** Milliseconds before the second attempt; doubles up to 30 s. */
  firstDelay: number;
  retriable: (error: unknown) => boolean;
  signal?: AbortSignal | undefined;
}

/** Runs `work` again while it fails in a way that may pass; the last error is thrown as it is. */
export async function withRetry<T>(policy: RetryPolicy, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      policy.signal?.throwIfAborted();
      if (attempt >= policy.attempts || !policy.retriable(error)) throw error;
      await policy.clock.sleep(Math.min(policy.firstDelay * 2 ** (attempt - 1), longestDelay), policy.signal);
    }
  }
}
