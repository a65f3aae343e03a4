import type { RolloutReporter, TellRollout } from '../../app/masterless/bump.ts';
import type { BumpEvent } from '../../masterless/rollout/bump.ts';
import { bumpLines } from '../rollout/bump-lines.ts';
import type { TerminalIo } from '../text/cli-io.ts';
import type { Text } from '../text/open-text.ts';
import { type EventOptions, openEvents } from './events.ts';

interface Said extends Text {
  io: TerminalIo;
}

/**
 * A rollout while it goes on: as a list of tasks per wave on a terminal, plain lines elsewhere, and as
 * events.
 */
export const bumpTeller =
  (context: Said, options: EventOptions): TellRollout =>
  async now => {
    const sink = await openEvents<BumpEvent>({ io: context.io, text: context }, options, now);
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

async function bumpProgress({ openTasks, say }: Text, quiet: boolean): Promise<RolloutReporter> {
  if (quiet) return { event() {}, async close() {} };
  if (!openTasks) return { event: event => say(bumpLines(event)), async close() {} };
  const tasks = await openTasks();
  return {
    event(event) {
      if (event.type === 'wave') tasks.start(event.instances);
      if (event.type === 'waiting')
        for (const [instance, why] of Object.entries(event.instances)) tasks.tell(instance, why);
      if (event.type === 'instance')
        tasks.end(event.instance, { kind: event.ok ? 'done' : 'failed', line: bumpLines(event).join(' ') });
    },
    close: () => tasks.done('told, and not heard of yet'),
  };
}
