import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { unsuitable } from './unsuitable.ts';
import type { WakeQueue } from './wake-queue.ts';

/** A queue that may go away and come back, and whoever hears about it. */
export class Link {
  readonly #queue: WakeQueue;
  readonly #told: (why: Diagnostic[]) => void;
  #isAway = false;

  /** @param told gets why it is away, and nothing when it is back */
  constructor(queue: WakeQueue, told: (why: Diagnostic[]) => void) {
    this.#queue = queue;
    this.#told = told;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * Asks the queue something; undefined: it is away.
   *
   * @param throws which failures aren't an outage; default: none
   */
  async use<T>(
    ask: (queue: WakeQueue) => Promise<T>,
    throws: (failure: Failure) => boolean = () => false,
  ): Promise<{ value: T } | undefined> {
    if (this.#isAway) return undefined;
    try {
      return { value: await ask(this.#queue) };
    } catch (error) {
      if (!(error instanceof Failure) || throws(error)) throw error;
      if (!this.#isAway) this.#told(error.diagnostics);
      this.#isAway = true;
      return undefined;
    }
  }

  /** Looks whether one that is away is back, and as it has to be. */
  async look(): Promise<void> {
    if (!this.#isAway) return;
    try {
      const server = await this.#queue.server();
      // One that is full answers: it would be back and away again with every wake-up.
      if (server.isFull || unsuitable(server).refused) return;
      this.#isAway = false;
      this.#told([]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
}
