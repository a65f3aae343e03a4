import { bytes } from '../../io/units.ts';
import type { Tasks } from '../text/tasks.ts';
import { finishedLine } from './plain.ts';
import type { Progress } from './progress.ts';

/** The events as tasks: one line per resource that moves while it works. */
export function terminalProgress(tasks: Tasks): Progress {
  return {
    begin(plan) {
      const pending = plan.resources.filter(r => r.action !== 'none' && r.action !== 'failed');
      if (pending.length > 0) tasks.start(pending.map(r => r.address));
    },
    listener: event => {
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
