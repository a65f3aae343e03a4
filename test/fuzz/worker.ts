/** Runs batches of cases; what watches it ends it when one doesn't come back. */
import { parentPort } from 'node:worker_threads';
import fc from 'fast-check';
import { check } from './check.ts';
import { mutated } from './mutations.ts';

export interface Batch {
  seed: number;
  cases: number;
}

parentPort!.on('message', async ({ seed, cases }: Batch) => {
  const { failed, counterexample, errorInstance } = await fc.check(fc.asyncProperty(mutated, check), {
    seed,
    numRuns: cases,
  });
  const [project] = counterexample ?? [];
  parentPort!.postMessage(
    failed
      ? {
          error: errorInstance instanceof Error ? errorInstance.stack : String(errorInstance),
          project: Object.fromEntries(
            Object.entries(project ?? {}).map(([name, bytes]) => [name, bytes.toString('utf8')]),
          ),
        }
      : {},
  );
});
