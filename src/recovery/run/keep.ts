import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { SERIES } from '../model/plan.ts';
import type { Run, RunStart, RunStep } from './run.ts';

/** The newest run of a plan. */
export async function newestRun(repository: Repository, plan: string): Promise<Run | undefined> {
  const number = (await repository.records.numbers(plan, SERIES.run)).at(-1);
  return number === undefined ? undefined : readRun(repository, plan, number);
}

/** A run that a repository holds. */
export async function readRun({ records }: Repository, plan: string, number: number): Promise<Run> {
  const start = (await records.read(plan, SERIES.run, number)) as RunStart;
  const series = SERIES.stepsOf(number);
  const steps: RunStep[] = [];
  for (const step of await records.numbers(plan, series))
    steps.push((await records.read(plan, series, step)) as RunStep);
  return { start, steps };
}

/** A picture of a console, as its record keeps it. */
export interface RunPicture {
  version: 1;
  vm: string;
  instance: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The file itself, in base64. */
  image: string;
}

/**
 * Largest picture that is kept, bytes: a document of the repository ends at 4 MiB, and base64 adds a third.
 */
const mostPicture = 2 * 2 ** 20;

/** Keeps a picture beside the steps. Answers with its number; undefined for one that is too large to keep. */
export async function keepPicture(
  { records }: Repository,
  { start: { plan, number } }: Run,
  { image, ...of }: { vm: string; instance: string; at: number; image: Buffer },
): Promise<number | undefined> {
  if (image.length > mostPicture) return undefined;
  const series = SERIES.picturesOf(number);
  const value: RunPicture = { version: 1, ...of, image: image.toString('base64') };
  return append(records, plan, series, value);
}

export async function readPicture(
  { records }: Repository,
  { start: { plan, number } }: Run,
  picture: number,
): Promise<RunPicture | undefined> {
  return (await records.read(plan, SERIES.picturesOf(number), picture)) as RunPicture | undefined;
}

/** Adds a record at the next free number. */
async function append(
  records: Repository['records'],
  plan: string,
  series: string,
  value: unknown,
): Promise<number> {
  let at = ((await records.numbers(plan, series)).at(-1) ?? 0) + 1;
  while (!(await records.add(plan, series, at, value))) at++;
  return at;
}

/** Writes down what was done; of two who write at once, one after the other. */
export async function note({ records }: Repository, run: Run, step: RunStep): Promise<void> {
  const { plan, number } = run.start;
  await append(records, plan, SERIES.stepsOf(number), step);
  run.steps.push(step);
}

/**
 * Writes a step down as the very next one.
 * @throws Failure `failover-begun`, blocked: somebody else wrote one meanwhile
 */
export async function claim({ records }: Repository, run: Run, step: RunStep): Promise<void> {
  const { plan, number } = run.start;
  if (!(await records.add(plan, SERIES.stepsOf(number), run.steps.length + 1, step))) throw begunBy(plan);
  run.steps.push(step);
}

export const begunBy = (plan: string): Failure =>
  new Failure(
    blocked('failover-begun', `somebody else is at the failover of ${plan} at the same time`, {
      hint: `look at it with \`converge failover status ${plan} PATHS\``,
    }),
  );
