import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { confine } from '../../src/io/confined.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock, Host } from '../../src/io/ports.ts';

/**
 * A clock that only sleeping moves. What it would never come to, the time limit of a call, only ends with the
 * call.
 */
export interface SteppedClock extends Clock {
  time: number;
  slept: number[];
}

export function steppedClock(time = Date.UTC(2026, 0, 1)): SteppedClock {
  const clock: SteppedClock = {
    time,
    slept: [],
    now: () => clock.time,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms >= 20 * 60_000)
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      clock.slept.push(ms);
      clock.time += ms;
    },
  };
  return clock;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'converge-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A host whose files are below a temporary folder and whose clock is stepped. */
export function folderHost(): { host: Host; dir: string; clock: SteppedClock } {
  const dir = temporaryFolder();
  const clock = steppedClock();
  return { host: confine({ ...nodeHost(), clock }, dir), dir, clock };
}
