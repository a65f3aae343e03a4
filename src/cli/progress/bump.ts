import type { RolloutReporter, TellRollout } from '../../app/masterless/bump.ts';
import type { BumpEvent } from '../../masterless/rollout/bump.ts';
import { bumpLine } from '../rollout/bump-lines.ts';
import type { CliIo } from '../text/io.ts';
import { isForCursor } from './choose.ts';
import { type EventOptions, openEvents } from './events.ts';

interface Said {
  io: CliIo;
  say(text: string): void;
}

/** A rollout while it goes on: as a list of tasks per wave on a terminal, plain lines elsewhere, and as events. */
export const bumpTeller =
  (context: Said, options: EventOptions): TellRollout =>
  async now => {
    const sink = await openEvents<BumpEvent>(context, options, now);
    const progress = await bumpProgress(context, sink?.quiet ?? false);
    return {
      event(event) {
        sink?.listener(event);
        progress.event(event);
      },
      async close() {
        await progress.close();
        await sink?.close();
      },
    };
  };

async function bumpProgress(context: Said, quiet: boolean): Promise<RolloutReporter> {
  if (quiet) return { event() {}, async close() {} };
  if (!isForCursor(context.io)) return { event: event => context.say(bumpLine(event)), async close() {} };
  const { openTasks } = await import('./tasks.ts');
  const tasks = await openTasks(context.io.stderr);
  return {
    event(event) {
      if (event.type === 'wave') tasks.start(event.instances);
      if (event.type === 'waiting')
        for (const [instance, why] of Object.entries(event.instances)) tasks.tell(instance, why);
      if (event.type === 'instance')
        tasks.end(event.instance, { kind: event.ok ? 'done' : 'failed', line: bumpLine(event).trimEnd() });
    },
    close: () => tasks.done('told, and not heard of yet'),
  };
}
