import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Clock } from './ports.ts';

/** How long something is waited for. */
export interface Wait {
  /** Milliseconds between two looks, or before each by its number, from 1. */
  every: number | ((look: number) => number);
  /** Milliseconds after which it is given up; the last look is taken then. */
  atMost: number;
  /** What is waited for, after "waiting for": "the service W3SVC to stop". */
  what: string;
  signal?: AbortSignal;
  hint?: string;
}

/**
 * Looks until `look` answers with something, which is returned. The first look is taken at once. What `look`
 * throws ends the waiting. Rejects with a Failure (world) `waited-too-long`, or with the signal's reason.
 */
export async function until<T>(
  clock: Clock,
  look: () => Promise<T | undefined>,
  { every, atMost, what, signal, hint }: Wait,
): Promise<T> {
  const deadline = clock.now() + atMost;
  for (let looks = 1; ; looks++) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const left = deadline - clock.now();
    if (left <= 0) throw tooLong(what, atMost, hint);
    await clock.sleep(Math.min(typeof every === 'number' ? every : every(looks), left), signal);
  }
}

const tooLong = (what: string, atMost: number, hint: string | undefined): Failure => {
  const time =
    atMost < 120_000 ? `${Math.round(atMost / 1000)} seconds` : `${Math.round(atMost / 60_000)} minutes`;
  return new Failure(
    world(
      'waited-too-long',
      `waiting for ${what} took longer than ${time}`,
      hint === undefined ? {} : { hint },
    ),
  );
};
