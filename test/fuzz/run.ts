/**
 * Fuzzes the reading of manifests for a time: `npm run fuzz -- --seconds 120 [--seed N]`. Prints the seed of
 * what fails; that seed finds it again. Exit code 1 when anything failed.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, seed: { type: 'string' } },
});
const first = Number(values.seed ?? Date.now() % 1_000_000);
const cases = 100;
/** For one batch; it takes well under one second. A loop that is cut off is 2 s, and there may be some. */
const longest = 20_000;

interface Answer {
  error?: string;
  project?: Record<string, string>;
}

const newWorker = () => new Worker(new URL('./worker.ts', import.meta.url));

function batch(worker: Worker, seed: number): Promise<Answer> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => done({ error: `no end after ${longest / 1000} s` }), longest);
    const end = (then: () => void) => {
      clearTimeout(timer);
      worker.removeAllListeners('message');
      worker.removeAllListeners('error');
      then();
    };
    worker.once('message', (answer: Answer) => end(() => done(answer)));
    worker.once('error', error => end(() => fail(error)));
    worker.postMessage({ seed, cases });
  });
}

const until = Date.now() + Number(values.seconds) * 1000;
let worker = newWorker();
let failures = 0;
let slowest = { ms: 0, seed: first };
let seed = first;
process.stdout.write(`fuzzing manifests for ${values.seconds} s from seed ${first}, ${cases} cases a seed\n`);
for (; Date.now() < until && failures < 20; seed++) {
  const started = Date.now();
  const { error, project = {} } = await batch(worker, seed).catch(
    (error: Error): Answer => ({ error: String(error.stack) }),
  );
  const ms = Date.now() - started;
  if (ms > slowest.ms) slowest = { ms, seed };
  if (error === undefined) continue;
  failures++;
  process.stdout.write(`\nFAILED with seed ${seed}: ${error}\n`);
  for (const [name, text] of Object.entries(project))
    process.stdout.write(`--- ${name}\n${text.slice(0, 3000)}\n`);
  await worker.terminate();
  worker = newWorker();
}
await worker.terminate();
process.stdout.write(
  `${(seed - first) * cases} cases of ${seed - first} seeds, ${failures} failed; the slowest seed, ${slowest.seed}, took ${slowest.ms} ms\n`,
);
process.exitCode = failures > 0 ? 1 : 0;
