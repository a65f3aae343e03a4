import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Clock } from './ports.ts';

/** Milliseconds since `began`; none when the clock was put back meanwhile. */
export const elapsed = (clock: Clock, began: number): number => Math.max(0, clock.now() - began);

/**
 * Whether so much time has passed since a moment. A clock that was put back, in which that moment is yet to
 * come, says yes: whoever waits would else wait for as long as it was put back.
 *
 * @param since, now ms since the epoch
 */
export const hasPassed = (ms: number, since: number, now: number): boolean =>
  now < since || now - since >= ms;

/** The time of one wait. A clock that is put back doesn't make it longer: what was slept counts anyway. */
export interface Timer {
  /** Milliseconds that are left; nothing or less when the time is over. */
  left(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Begins a wait of `atMost` milliseconds. */
export function timer(clock: Clock, atMost: number): Timer {
  const began = clock.now();
  let slept = 0;
  return {
    left: () => atMost - Math.max(slept, clock.now() - began),
    async sleep(ms, signal) {
      await clock.sleep(ms, signal);
      slept += ms;
    },
  };
}

/** How long something is waited for. */
export interface Wait {
  /** Milliseconds between two looks, or before each by its number, from 1. */
  every: number | ((look: number) => number);
  /** Milliseconds after which it is given up; the last look is taken then. */
  atMost: number;
  /** What is waited for, after "waiting for": "the service W3SVC to stop". */
  what: string;
  /** It began just now and can't be there yet: the first look isn't taken at once. */
  begun?: boolean;
  signal?: AbortSignal;
  hint?: string;
}

/**
 * Looks until `look` answers with something, which is returned. The first look is taken at once, unless it
 * would be in vain. What `look` throws ends the waiting. Rejects with a Failure (world) `waited-too-long`, or
 * with the signal's reason.
 */
export async function until<T>(
  clock: Clock,
  look: () => Promise<T | undefined>,
  { every, atMost, what, begun = false, signal, hint }: Wait,
): Promise<T> {
  const time = timer(clock, atMost);
  const pause = (looks: number, left: number) =>
    time.sleep(Math.min(typeof every === 'number' ? every : every(looks), left), signal);
  if (begun) await pause(1, atMost);
  for (let looks = 1; ; looks++) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const left = time.left();
    if (left <= 0) throw tooLong(what, atMost, hint);
    await pause(looks, left);
  }
}

/** Does something again and again, `every` ms after the end of the last time, until the signal comes. */
export async function again(
  clock: Clock,
  every: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(every, signal);
    } catch (reason) {
      if (signal.aborted) return;
      throw reason;
    }
    await work();
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
