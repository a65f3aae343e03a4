import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { ImportCloud } from '../model/imports.ts';

/** An import takes 20 minutes to an hour and more. */
const lookEvery = 30_000;
const patience = 4 * 3_600_000;

export interface WatchImport {
  /** Id of the task. */
  task: string;
  /** What is imported, for people. */
  name: string;
  imports: ImportCloud;
  clock: Clock;
  /** How a failed one is made good. */
  wayOut: string;
  say?(line: string): void;
  signal?: AbortSignal;
}

/**
 * Waits for an import and tells how far it is each time that it says something else. Answers with the image.
 *
 * @throws Failure `import-failed` with all that EC2 said about it
 */
export function importedImage(options: WatchImport): Promise<string> {
  const { task, name, imports, clock, wayOut, say, signal } = options;
  let told = '';
  return until(
    clock,
    async () => {
      const seen = await imports.task(task, signal);
      if (seen?.state === 'completed') return seen.image;
      if (seen?.state !== 'active')
        throw new Failure(
          world(
            'import-failed',
            own`the import of ${name} (${task}) failed: ${seen?.message || 'it is gone'}`,
            {
              hint: wayOut,
            },
          ),
        );
      const percent = seen.progress === undefined ? '' : ` ${seen.progress} %`;
      const now = `${name}: import ${task}${percent}${seen.message === '' ? '' : `: ${seen.message}`}`;
      if (now !== told) say?.(now);
      told = now;
      return undefined;
    },
    { every: lookEvery, atMost: patience, what: `the import ${task}`, ...(signal && { signal }) },
  );
}
