import type { BumpEvent } from '../../masterless/bump.ts';
import { bumpLine } from '../bump-lines.ts';
import type { Context } from '../context.ts';
import type { EventSink } from './events.ts';

/** How a rollout is shown while it goes on: plain lines, unless its events take their place. */
export async function bumpProgress(
  context: Context,
  sink: EventSink<BumpEvent> | undefined,
): Promise<{ listener(event: BumpEvent): void; done(): Promise<void> }> {
  if (sink?.quiet) return { listener() {}, async done() {} };
  return { listener: event => context.say(bumpLine(event)), async done() {} };
}
