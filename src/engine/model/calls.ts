/** What a client tells about its calls over the wire. */
export interface CallCounter {
  made(): void;
  retried(): void;
  throttled(): void;
}

export interface CallCounts {
  made: number;
  retried: number;
  throttled: number;
}

/** Calls per target name, for the report. */
export class CallLedger {
  readonly #counts = new Map<string, CallCounts>();

  counter(target: string): CallCounter {
    const counts = this.#counts.get(target) ?? { made: 0, retried: 0, throttled: 0 };
    this.#counts.set(target, counts);
    return {
      made: () => void counts.made++,
      retried: () => void counts.retried++,
      throttled: () => void counts.throttled++,
    };
  }

  totals(): Record<string, CallCounts> {
    return Object.fromEntries([...this.#counts].map(([name, counts]) => [name, { ...counts }]));
  }
}
