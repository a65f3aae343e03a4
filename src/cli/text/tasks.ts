/** How the line of a task ends. */
export interface TaskEnd {
  kind: 'done' | 'failed' | 'skipped';
  line: string;
}

/** Lines of a terminal that move while what they name goes on: listr2's. */
export interface Tasks {
  /** Begins a list of tasks below those that have ended. */
  start(names: readonly string[]): void;
  tell(name: string, text: string): void;
  tellAll(text: string): void;
  end(name: string, end: TaskEnd): void;
  /** Ends what is still open, and resolves when the last line is on the screen. */
  done(line: string): Promise<void>;
}

/** @param clean what every text goes through before it is on the screen */
export async function openTasks(stream: NodeJS.WriteStream, clean: (text: string) => string): Promise<Tasks> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const waiting = new Map<string, PromiseWithResolvers<TaskEnd>>();
  const show = new Map<string, (text: string) => void>();
  let run: Promise<unknown> = Promise.resolve();
  return {
    start(names) {
      for (const name of names) waiting.set(name, Promise.withResolvers());
      const tasks = names.map(name => ({
        title: clean(name),
        task: async (_: unknown, task: { title: string; output: string; skip(text: string): void }) => {
          show.set(name, text => {
            task.output = text;
          });
          const { kind, line: said } = await waiting.get(name)!.promise;
          const line = clean(said);
          if (kind === 'failed') throw new Error(line);
          if (kind === 'skipped') task.skip(line);
          else task.title = line;
        },
      }));
      run = run.then(() =>
        new Listr(tasks, {
          concurrent: true,
          exitOnError: false,
          registerSignalListeners: false,
          rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }) },
        }).run(),
      );
    },
    tell: (name, text) => show.get(name)?.(clean(text)),
    tellAll(text) {
      for (const tell of show.values()) tell(text);
    },
    end: (name, end) => waiting.get(name)?.resolve(end),
    async done(line) {
      // What was never started (an interrupted run) must not keep the renderer waiting.
      for (const [name, end] of waiting) end.resolve({ kind: 'skipped', line: `${name}: ${line}` });
      await run;
    },
  };
}
