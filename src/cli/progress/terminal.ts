import { bytes } from '../../io/units.ts';
import type { Output } from '../text/io.ts';
import { finishedLine } from './plain.ts';
import type { Progress } from './progress.ts';
import { openTasks } from './tasks.ts';

/** The events as tasks: one line per resource that moves while it works. */
export async function terminalProgress(output: Output): Promise<Progress> {
  const tasks = await openTasks(output);
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
        const { what, done, total } = event.progress;
        const amount = done === undefined ? '' : ` ${bytes(done)}${total ? ` of ${bytes(total)}` : ''}`;
        tasks.tell(event.address, `${what}${amount}`);
      }
      if (event.type === 'interrupted') tasks.tellAll(`${event.signal}: finishing or undoing it`);
      if (event.type === 'finished') {
        const { result } = event;
        const failed = result === 'failed' || result === 'blocked';
        const skipped = ['skipped', 'held', 'interrupted'].includes(result);
        tasks.end(event.address, {
          kind: failed ? 'failed' : skipped ? 'skipped' : 'done',
          line: finishedLine(event),
        });
      }
    },
    done: () => tasks.done('skipped, not started (0.0 s)'),
  };
}
