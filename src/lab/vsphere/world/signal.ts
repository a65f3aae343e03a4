import type { Clock } from '../../../io/ports.ts';

/** Wakes all who wait, at each change of anything. */
export interface Signal {
  raise(): void;
  /** Resolves at the next `raise`, after `ms` if given, or when the abort signal fires. */
  wait(ms: number | undefined, abort: AbortSignal): Promise<void>;
}

export function createSignal(clock: Clock): Signal {
  let waiting: (() => void)[] = [];
  return {
    raise() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async wait(ms, abort) {
      const over = new AbortController();
      const raised = new Promise<void>(resolve => {
        waiting.push(resolve);
        abort.addEventListener('abort', () => resolve(), { signal: over.signal });
      });
      const late = ms === undefined ? undefined : clock.sleep(ms, over.signal).catch(() => {});
      await Promise.race(late ? [raised, late] : [raised]);
      over.abort();
    },
  };
}
