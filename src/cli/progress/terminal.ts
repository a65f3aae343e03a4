import { printable } from '../../diagnostics/text-width.ts';
import type { RunEvent } from '../../engine/events.ts';
import { bytes } from '../../io/units.ts';
import type { Output } from '../io.ts';
import type { Progress } from './choose.ts';
import { finishedLine } from './plain.ts';

type Finished = Extract<RunEvent, { type: 'finished' }>;

/** The events as tasks of listr2: one line per resource that moves while it works. */
export async function terminalProgress(output: Output): Promise<Progress> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const waiting = new Map<string, PromiseWithResolvers<Finished>>();
  const show = new Map<string, (text: string) => void>();
  let run: Promise<unknown> = Promise.resolve();

  const start = (addresses: string[]) => {
    for (const address of addresses) waiting.set(address, Promise.withResolvers());
    const tasks = addresses.map(address => ({
      title: printable(address),
      task: async (_: unknown, task: { title: string; output: string; skip(text: string): void }) => {
        show.set(address, text => {
          task.output = text;
        });
        const end = await waiting.get(address)!.promise;
        const line = finishedLine(end);
        if (end.result === 'failed' || end.result === 'blocked') throw new Error(line);
        if (['skipped', 'held', 'interrupted'].includes(end.result)) task.skip(line);
        else task.title = line;
      },
    }));
    const stream = output.stream!;
    run = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }) },
    }).run();
  };

  return {
    begin(plan) {
      const pending = plan.resources.filter(r => r.action !== 'none' && r.action !== 'failed');
      if (pending.length > 0) start(pending.map(r => r.address));
    },
    listener: event => {
      if (event.type === 'progress') {
        const { what, done, total } = event.progress;
        const amount = done === undefined ? '' : ` ${bytes(done)}${total ? ` of ${bytes(total)}` : ''}`;
        show.get(event.address)?.(printable(`${what}${amount}`));
      }
      if (event.type === 'interrupted') {
        for (const tell of show.values()) tell(`${event.signal}: finishing or undoing it`);
      }
      if (event.type === 'finished') waiting.get(event.address)?.resolve(event);
    },
    async done() {
      // What was never started (an interrupted run) must not keep the renderer waiting.
      for (const [address, end] of waiting) {
        end.resolve({ type: 'finished', address, result: 'skipped', note: 'not started', took: 0 });
      }
      await run;
    },
  };
}
