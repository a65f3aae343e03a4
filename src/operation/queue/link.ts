import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { unsuitable } from './unsuitable.ts';
import type { WakeQueue } from './wake-queue.ts';

/** A queue that may go away and come back, and whoever hears about it. */
export class Link {
  readonly #queue: WakeQueue;
  readonly #told: (why: Diagnostic[]) => void;
  /** Code of what keeps it from being used; undefined: nothing does. */
  #why: string | undefined;

  /** @param told gets why it is away, and nothing when it is back */
  constructor(queue: WakeQueue, told: (why: Diagnostic[]) => void) {
    this.#queue = queue;
    this.#told = told;
  }

  get isAway(): boolean {
    return this.#why !== undefined;
  }

  /**
   * Sees whether the server is there and as it has to be, before anything is asked of it; gives back what
   * somebody should know of one that is.
   *
   * @param throws which failures aren't an outage
   */
  async begin(throws: (failure: Failure) => boolean): Promise<Diagnostic[]> {
    const found = await this.use(async queue => {
      const { refused, warnings } = unsuitable(await queue.server());
      if (refused) throw refused;
      return warnings;
    }, throws);
    return found?.value ?? [];
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
    if (this.isAway) return undefined;
    try {
      return { value: await ask(this.#queue) };
    } catch (error) {
      if (!(error instanceof Failure) || throws(error)) throw error;
      this.#away(error);
      return undefined;
    }
  }

  /** Looks whether one that is away is back, and as it has to be. */
  async look(): Promise<void> {
    if (!this.isAway) return;
    try {
      const server = await this.#queue.server();
      const { refused } = unsuitable(server);
      if (refused) throw refused;
      // One that is full answers: it would be back and away again with every wake-up.
      if (server.isFull) return;
      this.#why = undefined;
      this.#told([]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#away(error);
    }
  }

  /** Told once, and again when it is something else that somebody has to see to. */
  #away({ diagnostics }: Failure): void {
    const why = diagnostics[0]?.code ?? 'queue-away';
    if (why !== this.#why) this.#told(diagnostics);
    this.#why = why;
  }
}
