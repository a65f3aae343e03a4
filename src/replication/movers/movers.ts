import type { CycleOptions, CycleResult } from '../cycle/options.ts';
import { runCycle } from '../cycle/run-cycle.ts';
import type { DueJob } from './due-jobs.ts';

/** Whoever runs the cycles of VMs that are due: this process. Others are woken before it comes to that. */
export interface Movers {
  /**
   * Runs one cycle, which `job` says the reason of.
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
