import type { CycleOptions, CycleResult } from '../cycle/options.ts';
import { runCycle } from '../cycle/run-cycle.ts';
import type { DueJob } from './due-jobs.ts';

/** Whoever moves VMs that are due: this process, or others that take the jobs from a queue. */
export interface Movers {
  /**
   * Runs one cycle. `cycle` is what this process knows of it; a mover elsewhere opens its own VM and
   * repository by the job, and is bound by the policy alone.
   * @throws Failure as `runCycle`
   */
  move(job: DueJob, cycle: CycleOptions): Promise<CycleResult>;
}

/** Moves in this process. */
export const movingHere: Movers = { move: (_, cycle) => runCycle(cycle) };

declare module '../../engine/model/io.ts' {
  interface Clients {
    movers: Movers;
  }
}
