import type { Clock } from '../io/ports.ts';

/** What is sent, held to so many bytes per second: a token bucket that all who send have in common. */
export interface Throttle {
  /**
   * Waits until something may be sent, and says how much: at most `wanted` bytes, which is for everybody in
   * turn. Rejects with the signal's reason.
   */
  take(wanted: number, signal?: AbortSignal): Promise<number>;
  /** Bytes that went at once: whoever comes next waits for them as well. */
  owe(bytes: number): void;
}

/** Of a second: what one gets at a time, and what is saved up at most while nobody sends. */
const share = 0.25;
/** Seconds within which everybody has a turn: S3 ends a connection on which nothing comes for twenty. */
const round = 5;
/** Milliseconds after which the limit is asked for anew: a window may have opened. */
const look = 60_000;

/** @param allowed bytes per second at a moment of the clock; undefined: as many as there are */
export function createThrottle(clock: Clock, allowed: (now: number) => number | undefined): Throttle {
  let turn: Promise<unknown> = Promise.resolve();
  /** Bytes that may go; less than nothing: what went already has to be made up for. */
  let tokens = 0;
  let filled = clock.now();
  let waiting = 0;

  const grant = async (wanted: number, signal: AbortSignal | undefined): Promise<number> => {
    for (;;) {
      signal?.throwIfAborted();
      const now = clock.now();
      const rate = allowed(now);
      // What was sent before by a lower limit is not owed where there is none.
      if (rate === undefined) {
        [tokens, filled] = [0, now];
        return wanted;
      }
      // A clock that was put back gives nothing, and takes nothing.
      const passed = Math.max(0, now - filled) / 1000;
      tokens = Math.min(rate * share, tokens + passed * rate);
      filled = now;
      if (tokens >= 0) {
        const granted = Math.min(wanted, Math.max(1, Math.floor(rate * Math.min(share, round / waiting))));
        tokens -= granted;
        return granted;
      }
      await clock.sleep(Math.min(Math.ceil((-tokens / rate) * 1000), look - (now % look)), signal);
    }
  };
  return {
    take(wanted, signal) {
      waiting++;
      const granted = turn
        .then(() => grant(wanted, signal))
        .finally(() => {
          waiting--;
        });
      turn = granted.catch(() => {});
      return granted;
    },
    owe(bytes) {
      tokens -= bytes;
    },
  };
}

/** Waits until all of it may be sent. */
export async function takeAll(throttle: Throttle, bytes: number, signal?: AbortSignal): Promise<void> {
  for (let left = bytes; left > 0; ) left -= await throttle.take(left, signal);
}
