import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Clock } from '../io/ports.ts';

/** Between two looks, ms: turns come every few seconds. */
const every = 60_000;
/** After so many looks without a turn between them something holds the loop for good. */
const most = 5;

/**
 * Looks now and then whether a loop goes on, and rejects when it doesn't: whoever runs the process starts it
 * anew, and what it held runs out. Never resolves; ends silently with the signal. It goes by what it slept
 * itself, as the loop does: a clock that is put forward, and a machine that slept, say nothing of the loop.
 *
 * @param turns how many the loop has had
 * @throws Failure `agent-stuck`
 */
export async function watch(clock: Clock, turns: () => number, signal: AbortSignal): Promise<never> {
  let before = turns();
  for (let looks = 0; looks < most; ) {
    try {
      await clock.sleep(every, signal);
    } catch (reason) {
      if (!signal.aborted) throw reason;
      return new Promise<never>(() => {});
    }
    const now = turns();
    looks = now === before ? looks + 1 : 0;
    before = now;
  }
  throw new Failure(
    world('agent-stuck', 'the loop of the agent has not gone on for 5 minutes', {
      hint: 'run it again; leases of its cycles run out by themselves',
    }),
  );
}
