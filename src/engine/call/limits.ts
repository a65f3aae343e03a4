import pLimit, { type LimitFunction } from 'p-limit';

/** How many calls may run at once: in total, and per key. */
export class Limits {
  readonly #total: LimitFunction;
  readonly #byKey = new Map<string, LimitFunction>();

  constructor(total: number) {
    this.#total = pLimit(total);
  }

  /** Waits for a place of its key first, so that a full realm doesn't hold places of the total. */
  run<T>(key: string, atOnce: number, work: () => Promise<T>): Promise<T> {
    const limit = this.#byKey.get(key) ?? pLimit(atOnce);
    this.#byKey.set(key, limit);
    return limit(() => this.#total(work));
  }
}

/** Calls in flight over all realms and targets. */
export const totalAtOnce = 64;
