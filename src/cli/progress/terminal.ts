import type { Tasks } from '../text/tasks.ts';
import { waitingText } from '../text/waiting.ts';
import { amounts } from './amount.ts';
import { finishedLines } from './finished-lines.ts';
import type { Progress } from './progress.ts';

/** The events as tasks: one line per resource that moves while it works. */
export function terminalProgress(tasks: Tasks, now: () => number): Progress {
  const amount = amounts(now);
  const finished = finishedLines();
  const begun = new Set<string>();
  return {
    begin(plan) {
      const pending = plan.resources.filter(r => r.action !== 'none' && r.action !== 'failed');
      for (const { address } of pending) begun.add(address);
      if (pending.length > 0) tasks.start(pending.map(r => r.address));
    },
    listener: event => {
      // Found out in the run, by looking again.
      if (event.type === 'started' && !begun.has(event.address)) {
        begun.add(event.address);
        tasks.start([event.address]);
      }
      if (event.type === 'progress') {
        const { what } = event.progress;
        const known = amount(`${event.address} ${what}`, event.progress);
        tasks.tell(event.address, known === '' ? what : `${what}: ${known}`);
      }
      if (event.type === 'waiting' || event.type === 'resumed') tasks.tellAll(waitingText(event));
      if (event.type === 'interrupted') tasks.tellAll(`${event.signal}: finishing or undoing it`);
      if (event.type === 'finished') {
        const { result } = event;
        const failed = result === 'failed' || result === 'blocked';
        const skipped = ['skipped', 'held', 'interrupted'].includes(result);
        tasks.end(event.address, {
          kind: failed ? 'failed' : skipped ? 'skipped' : 'done',
          line: finished(event),
        });
      }
    },
    done: () => tasks.done('skipped, not started (0.0 s)'),
  };
}
