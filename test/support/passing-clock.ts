import { channel } from 'node:diagnostics_channel';
import type { Clock } from '../../src/io/ports.ts';

/**
 * Requests of this process that are not answered yet: from their first moment at the client, since what is on
 * its way through the kernel shows nowhere else, and at the server, whose client may be another process.
 */
let asking = 0;
interface Exchange {
  once(event: 'close', then: () => void): void;
}
const asked = (exchange: Exchange): void => {
  asking++;
  exchange.once('close', () => {
    asking--;
  });
};
channel('http.server.request.start').subscribe(message =>
  asked((message as { response: Exchange }).response),
);
channel('http.client.request.created').subscribe(message =>
  asked((message as { request: Exchange }).request),
);

/**
 * Looks in a row, a millisecond each, at which nothing goes on before time passes: who sleeps for long is
 * mostly somebody's limit, and not waited for.
 */
const quietLooks = (ms: number): number => (ms > 30_000 ? 500 : 10);

/**
 * A clock that doesn't wait: where everything in this process does nothing but sleep, the time of the first
 * to wake has come. What the process itself takes for its work isn't in it; `pass` is for those who stand for
 * something that takes time.
 */
export class PassingClock implements Clock {
  #now: number;
  #sleepers = new Set<{ at: number; wake: () => void }>();
  #looking = false;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
      if (!this.#looking) void this.#look();
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    for (let quiet = 0; this.#sleepers.size > 0; ) {
      await new Promise(turn => setTimeout(turn, 1));
      quiet = isBusy() ? 0 : quiet + 1;
      const [first] = [...this.#sleepers].sort((a, b) => a.at - b.at);
      if (!first) break;
      if (quiet < quietLooks(first.at - this.#now)) continue;
      quiet = 0;
      this.#sleepers.delete(first);
      this.#now = Math.max(this.#now, first.at);
      first.wake();
    }
    this.#looking = false;
  }
}

/** Whether a request is answered, or a file or the pool of threads is at work. */
const isBusy = (): boolean =>
  asking > 0 ||
  process.getActiveResourcesInfo().some(kind => /^(FS|Hash|Sign|Verify|Zlib|KeyGen)/i.test(kind));
