import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Clock } from '../io/ports.ts';

/** Turns come every few seconds; after this much time without one, ms, something holds the loop for good. */
const longest = 5 * 60_000;

/**
 * Looks now and then whether a loop goes on, and rejects when it doesn't: whoever runs the process starts it
 * anew, and what it held runs out. Never resolves; ends silently with the signal.
 *
 * @param lastTurn ms since the epoch
 * @throws Failure `agent-stuck`
 */
export async function watch(clock: Clock, lastTurn: () => number, signal: AbortSignal): Promise<never> {
  for (;;) {
    const before = clock.now();
    try {
      await clock.sleep(longest / 5, signal);
    } catch (reason) {
      if (!signal.aborted) throw reason;
      return new Promise<never>(() => {});
    }
    // A machine that slept has held everything, and nothing is wrong with the loop.
    const slept = clock.now() - before > longest;
    if (!slept && clock.now() - lastTurn() > longest)
      throw new Failure(
        world('agent-stuck', 'the loop of the agent has not gone on for 5 minutes', {
          hint: 'run it again; leases of its cycles run out by themselves',
        }),
      );
  }
}
