import type { BumpEvent } from '../../masterless/rollout/bump.ts';
import type { CliContext } from '../cli-context.ts';
import { bumpLine } from '../rollout/bump-lines.ts';
import { isForCursor } from './choose.ts';
import type { EventSink } from './events.ts';

export interface BumpProgress {
  listener(event: BumpEvent): void;
  /** Resolves when the last line is on the screen. */
  done(): Promise<void>;
}

/** How a rollout is shown while it goes on: a list of tasks per wave on a terminal, plain lines elsewhere. */
export async function bumpProgress(
  context: CliContext,
  sink: EventSink<BumpEvent> | undefined,
): Promise<BumpProgress> {
  if (sink?.quiet) return { listener() {}, async done() {} };
  if (!isForCursor(context.io)) return { listener: event => context.say(bumpLine(event)), async done() {} };
  const { openTasks } = await import('./tasks.ts');
  const tasks = await openTasks(context.io.stderr);
  return {
    listener(event) {
      if (event.type === 'wave') tasks.start(event.instances);
      if (event.type === 'waiting')
        for (const [instance, why] of Object.entries(event.instances)) tasks.tell(instance, why);
      if (event.type === 'instance')
        tasks.end(event.instance, { kind: event.ok ? 'done' : 'failed', line: bumpLine(event).trimEnd() });
    },
    done: () => tasks.done('told, and not heard of yet'),
  };
}
