import type { Clock } from '../io/ports.ts';

/** The machine's clock, moved ahead: `converge lab clock 20m` makes a schedule come due. */
export function labClock(clock: Clock, offset: () => number): Clock {
  return {
    now: () => clock.now() + offset(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
