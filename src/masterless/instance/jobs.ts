import type { Clock, Random } from '../../io/ports.ts';

/** Something that an agent does again and again. */
export interface Job {
  name: string;
  /** Between the end of a turn and the next, ms. */
  every: number;
  /** Before its first turn, ms; default: none. */
  first?: number;
  /** `yielded`: somebody else was at it. A turn that rejects has failed as well. */
  turn(): Promise<'done' | 'failed' | 'yielded'>;
}

export interface JobsOptions {
  clock: Clock;
  random: Random;
  /** Ends the loop; a turn that runs ends by itself. */
  signal: AbortSignal;
  /** Tells of a turn that rejected. */
  rejected(job: Job, error: unknown): void;
}

/** The longest pause after failures, ms; of a job that is rarer it is the first one. */
const longestPause = 15 * 60_000;
/** After it gave way, ms: a deployment takes minutes. */
const soon = 30_000;

/** Gives each job its turns, one at a time, until the signal comes. Never rejects for what a job does. */
export async function runJobs(jobs: readonly Job[], options: JobsOptions): Promise<void> {
  const { clock, random, signal, rejected } = options;
  const waiting = jobs.map(job => ({ job, since: clock.now(), pause: job.first ?? 0, failures: 0 }));
  while (!signal.aborted) {
    const now = clock.now();
    // Where the clock was put back nobody waits for as long as that.
    for (const one of waiting) one.since = Math.min(one.since, now);
    const next = waiting.reduce((first, other) => (dueAt(other) < dueAt(first) ? other : first));
    const stopped = await clock.sleep(Math.max(0, dueAt(next) - now), signal).then(
      () => false,
      () => true,
    );
    if (stopped) return;
    const outcome = await next.job.turn().catch((error: unknown) => {
      if (!signal.aborted) rejected(next.job, error);
      return 'failed' as const;
    });
    next.failures = outcome === 'failed' ? next.failures + 1 : 0;
    next.since = clock.now();
    next.pause = jittered(pauseAfter(outcome, next.job, next.failures), random);
  }
}

const dueAt = ({ since, pause }: { since: number; pause: number }): number => since + pause;

const pauseAfter = (outcome: 'done' | 'failed' | 'yielded', { every }: Job, failures: number): number =>
  outcome === 'yielded'
    ? Math.min(every, soon)
    : outcome === 'done'
      ? every
      : every < longestPause
        ? Math.min(every * 2 ** failures, longestPause)
        : Math.min(longestPause * 2 ** (failures - 1), every);

/** A tenth less to a tenth more: a fleet that began at once doesn't go on asking at once. */
const jittered = (ms: number, random: Random): number =>
  Math.round(ms * (0.9 + 0.2 * (random.bytes(2).readUInt16BE() / 65_535)));
