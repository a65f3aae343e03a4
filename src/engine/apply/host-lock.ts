import type { Locks, TakenLock } from '../model/locks.ts';

/**
 * The host's lock as one run holds it: taken before the host is first looked at, given back while there is
 * nothing to do here (a copy to elsewhere may take days), and taken anew when there is again.
 */
export class HostLock {
  readonly #locks: Locks | undefined;
  readonly #signal: AbortSignal;
  #taking: Promise<TakenLock> | undefined;
  #givingBack: Promise<void> | undefined;

  readonly #whole: boolean;

  /**
   * @param locks without them nobody else changes the host
   * @param whole it isn't given back before `end`: the run does more here than its plan says
   */
  constructor(locks: Locks | undefined, signal: AbortSignal, { whole = false }: { whole?: boolean } = {}) {
    this.#locks = locks;
    this.#signal = signal;
    this.#whole = whole;
  }

  /**
   * Takes it, if it isn't held. Rejects as `Locks.take` does.
   * @returns whether somebody else may have changed the host since it was last held
   */
  async hold(): Promise<boolean> {
    if (!this.#locks || this.#taking) {
      await this.#taking;
      return false;
    }
    const wasGivenBack = this.#givingBack !== undefined;
    this.#taking = this.#take(this.#locks);
    try {
      await this.#taking;
      return wasGivenBack;
    } catch (error) {
      this.#taking = undefined;
      throw error;
    }
  }

  async giveBack(): Promise<void> {
    if (!this.#whole) await this.end();
  }

  /** Gives it back for good. */
  async end(): Promise<void> {
    const taken = this.#taking;
    if (!taken) return;
    this.#taking = undefined;
    this.#givingBack = taken.then(lock => lock.release());
    await this.#givingBack;
  }

  /** Not before it was given back: to others it would look held. */
  async #take(locks: Locks): Promise<TakenLock> {
    await this.#givingBack;
    return locks.take('host', this.#signal);
  }
}
