import type { Clock } from '../../src/io/ports.ts';

/** A clock that stands still until a test moves it; sleepers wake when their time has come. */
export class SteppedClock implements Clock {
  #now: number;
  #sleepers = new Set<{ at: number; wake: () => void }>();
  /** Turns of the event loop for what was woken. */
  turns = 5;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Moves on by `ms`, waking in order, and lets what was woken run until it waits again. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#sleepers].filter(s => s.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#sleepers.delete(due);
      due.wake();
      await this.#settle();
    }
    this.#now = end;
    await this.#settle();
  }

  /** Moves on by `ms` as if everybody were stopped meanwhile: what is due then is woken once, in order. */
  async jump(ms: number): Promise<void> {
    this.#now += ms;
    const due = [...this.#sleepers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    for (const sleeper of due) if (this.#sleepers.delete(sleeper)) sleeper.wake();
    await this.#settle();
  }

  /** Puts the clock forward or back by `ms`, as somebody who sets it: who sleeps does so as long as ever. */
  async put(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleeper of this.#sleepers) sleeper.at += ms;
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < this.turns; i++) await new Promise(resolve => setImmediate(resolve));
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }
}
