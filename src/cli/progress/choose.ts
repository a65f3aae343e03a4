import type { CliIo } from '../text/io.ts';
import type { EventSink } from './events.ts';
import { plainProgress } from './plain.ts';
import type { Progress } from './progress.ts';

/** listr2 on a terminal, plain lines everywhere else; events go where they were asked for as well. */
export async function progressFor(io: CliIo, events?: EventSink): Promise<Progress> {
  if (!events) return forPeople(io);
  if (events.quiet) return { listener: events.listener, begin() {}, async done() {} };
  const progress = await forPeople(io);
  return {
    ...progress,
    listener: event => {
      events.listener(event);
      progress.listener(event);
    },
  };
}

async function forPeople(io: CliIo): Promise<Progress> {
  const { stderr } = io;
  if (isForCursor(io)) {
    const { terminalProgress } = await import('./terminal.ts');
    return terminalProgress(stderr);
  }
  return { ...plainProgress(stderr), begin() {} };
}

/** Whether stderr can show lines that move: a dumb terminal has no cursor. */
export const isForCursor = ({ stderr, host }: CliIo): boolean =>
  Boolean(stderr.isTTY && stderr.stream?.columns && !host.env.CI && host.env.TERM !== 'dumb');
