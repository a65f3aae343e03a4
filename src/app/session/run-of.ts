import type { Listener } from '../../engine/model/events.ts';
import { type Run, startRun } from '../../engine/model/run.ts';
import type { Context } from '../app-context.ts';
import type { Session } from './open-session.ts';

/**
 * A run of the engine in a session: it ends when the command is interrupted, and knows the secrets of both.
 */
export function runOf(
  { registry, redactor, io }: Context,
  { world }: Pick<Session, 'world'>,
  listener?: Listener,
): Run {
  if (listener && world.calls)
    world.calls.told = ({ target, why }) =>
      listener(why === undefined ? { type: 'resumed', target } : { type: 'waiting', target, why });
  return startRun({ registry, world, signal: io.interrupt, redactor, ...(listener && { listener }) });
}
