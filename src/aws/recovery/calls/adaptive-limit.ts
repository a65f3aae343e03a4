/** How many calls run at a time, as far as the other side bears it. */
export interface AdaptiveLimit {
  run<T>(call: () => Promise<T>): Promise<T>;
  /** The other side asked for fewer. */
  slower(): void;
  readonly width: number;
}

/**
 * Additive increase, multiplicative decrease: one more after as many successes as run at a time, half after
 * being asked for fewer. Calls that were under way together and are all refused count once.
 */
export function adaptiveLimit(start: number, most: number): AdaptiveLimit {
  let width = start;
  let running = 0;
  let good = 0;
  /** Calls that began before the last decrease; their refusals say nothing new. */
  let stale = 0;
  const waiting: (() => void)[] = [];
  const next = () => {
    while (running < width && waiting.length > 0) {
      running++;
      waiting.shift()!();
    }
  };
  return {
    get width() {
      return width;
    },
    async run(call) {
      if (running >= width) await new Promise<void>(go => waiting.push(go));
      else running++;
      try {
        const result = await call();
        if (++good >= width) {
          good = 0;
          width = Math.min(most, width + 1);
        }
        return result;
      } finally {
        running--;
        if (stale > 0) stale--;
        next();
      }
    },
    slower() {
      if (stale > 0) return;
      stale = running;
      good = 0;
      width = Math.max(1, Math.floor(width / 2));
    },
  };
}
