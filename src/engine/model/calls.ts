import type { Waits } from '../../io/retry.ts';

/** What a client tells about its calls over the wire. */
export interface CallCounter {
  made(): void;
  retried(): void;
  throttled(): void;
  /** Of those that are tried for long. */
  long?: Waits;
}

export interface CallCounts {
  made: number;
  retried: number;
  throttled: number;
}

/** That the calls to a target wait, and why; without that: that they go on. */
export interface Waiting {
  target: string;
  why?: string;
}

/** Milliseconds for which a call fails before anybody hears of it: most of it is over by then. */
const worthTelling = 10_000;

/** Calls per target name, for the report. */
export class CallLedger {
  readonly #counts = new Map<string, CallCounts>();
  /** By target. Undefined: they wait; else since when they don't. */
  readonly #went = new Map<string, number | undefined>();
  readonly #now: () => number;
  /** Hears once that the calls to a target wait, however many do, and once that they go on. */
  told: (waiting: Waiting) => void = () => {};

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  counter(target: string): CallCounter {
    const counts = this.#counts.get(target) ?? { made: 0, retried: 0, throttled: 0 };
    this.#counts.set(target, counts);
    return {
      made: () => void counts.made++,
      retried: () => void counts.retried++,
      throttled: () => void counts.throttled++,
      long: this.#long(target),
    };
  }

  #long(target: string): Waits {
    const isWaiting = () => this.#went.has(target) && this.#went.get(target) === undefined;
    return {
      waits: (error, since) => {
        // Of the outage before, some hear later than others that it is over.
        const isOld = since < (this.#went.get(target) ?? Number.NEGATIVE_INFINITY);
        if (isWaiting() || isOld || this.#now() - since < worthTelling) return;
        this.#went.set(target, undefined);
        this.told({ target, why: error instanceof Error ? error.message : String(error) });
      },
      cameThrough: () => {
        if (!isWaiting()) return;
        this.#went.set(target, this.#now());
        this.told({ target });
      },
    };
  }

  totals(): Record<string, CallCounts> {
    return Object.fromEntries([...this.#counts].map(([name, counts]) => [name, { ...counts }]));
  }
}
