import type { Listener } from '../../engine/events.ts';
import type { Context } from '../context.ts';
import { plainProgress } from './plain.ts';

/** listr2 on a terminal, plain lines everywhere else. */
export async function progressFor(context: Context): Promise<{ listener: Listener; done(): Promise<void> }> {
  const { stderr } = context.io;
  if (stderr.isTTY && stderr.stream && !context.io.host.env.CI) {
    const { terminalProgress } = await import('./terminal.ts');
    return terminalProgress(stderr);
  }
  return { listener: plainProgress(stderr), done: async () => {} };
}
