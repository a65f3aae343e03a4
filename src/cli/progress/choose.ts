import type { Text } from '../text/open-text.ts';
import type { EventSink } from './events.ts';
import { plainProgress } from './finished-lines.ts';
import type { Progress } from './progress.ts';

/**
 * listr2 on a terminal, plain lines everywhere else; events go where they were asked for as well.
 * @param now the run's clock, ms
 */
export async function progressFor(text: Text, now: () => number, events?: EventSink): Promise<Progress> {
  if (!events) return forPeople(text, now);
  if (events.quiet) return { listener: events.listener, begin() {}, async done() {} };
  const progress = await forPeople(text, now);
  return {
    ...progress,
    listener: event => {
      events.listener(event);
      progress.listener(event);
    },
  };
}

async function forPeople({ openTasks, say }: Text, now: () => number): Promise<Progress> {
  if (openTasks) {
    const { terminalProgress } = await import('./terminal.ts');
    return terminalProgress(await openTasks(), now);
  }
  return { ...plainProgress(say, now), begin() {} };
}
