import type { Listener } from '../../engine/model/events.ts';
import type { Plan } from '../../engine/model/plan.ts';

/** How a run is shown while it goes on. */
export interface Progress {
  listener: Listener;
  /** The plan is on the screen, its changes begin. */
  begin(plan: Plan): void;
  /** Resolves when the last line is on the screen, so that a summary may follow. */
  done(): Promise<void>;
}
