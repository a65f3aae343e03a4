import { hasPassed } from '../../io/until.ts';
import type { Link } from './link.ts';
import { type Answer, answerIn, type Line, priorityOf, type WakeUp } from './wake-up.ts';

/** A wake-up in the queue that nobody has answered yet. */
interface Pending {
  line: Line;
  id: string;
  /** When it was last seen to be there, ms since the epoch. */
  seen: number;
  end(answer: Answer | undefined): void;
}

/** Between two looks whether a wake-up is still there, ms: somebody may have emptied the queue. */
const lookAgain = 30_000;

/** Offers VMs to whoever has a free slot, and hears what came of them. Its turns are somebody else's. */
export class HandOver {
  readonly #link: Link;
  readonly #now: () => number;
  readonly #pending = new Set<Pending>();

  constructor(link: Link, now: () => number) {
    this.#link = link;
    this.#now = now;
  }

  /** VMs that are offered. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Resolves with what a mover told; undefined: the queue went away, or lost it. Doesn't reject.
   *
   * @param key what makes two of them the same
   * @param deadline ms since the epoch
   */
  async offer(line: Line, wake: WakeUp, key: string, deadline: number): Promise<Answer | undefined> {
    const added = await this.#link.use(queue => queue.add(line, wake, key, priorityOf(deadline)));
    if (!added) return undefined;
    return new Promise(resolve => {
      const pending: Pending = {
        ...{ line, id: added.value, seen: this.#now() },
        end: answer => {
          this.#pending.delete(pending);
          resolve(answer);
        },
      };
      this.#pending.add(pending);
    });
  }

  /** Looks for answers, and for what has got lost. */
  async turn(): Promise<void> {
    const byLine = Map.groupBy(this.#pending, ({ line }) => `${line.domain} ${line.lane}`);
    for (const pending of byLine.values()) await this.#lookIn(pending[0]!.line, pending);
    if (this.#link.isAway) this.letGo();
  }

  /** Waits for nobody any more. */
  letGo(): void {
    for (const pending of this.#pending) pending.end(undefined);
  }

  async #lookIn(line: Line, pending: readonly Pending[]): Promise<void> {
    // What isn't there was answered meanwhile, or lost: so answers are read after that.
    const old = pending.filter(({ seen }) => hasPassed(lookAgain, seen, this.#now()));
    const gone = new Set<Pending>();
    for (const one of old) {
      const found = await this.#link.use(queue => queue.has(line, one.id));
      if (!found) return;
      one.seen = this.#now();
      if (!found.value) gone.add(one);
    }
    const answered = await this.#link.use(queue => queue.answered(line));
    if (!answered) return;
    const byId = new Map(answered.value.map(({ id, data }) => [id, data]));
    for (const one of pending)
      if (byId.has(one.id)) one.end(answerIn(byId.get(one.id)));
      else if (gone.has(one)) one.end(undefined);
  }
}
