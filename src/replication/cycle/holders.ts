import { isRunning, ownId, type ProcessTable, processTable } from '../../io/handles/process-table.ts';
import type { Holder } from '../model/lease-value.ts';

/** The cycles that run in this process, and what can be told about those that run elsewhere. */
export interface Holders {
  /** Runs `work` as a holder that is alive until it settles. */
  run<T>(id: string, work: (holder: Holder) => Promise<T>): Promise<T>;
  /** Undefined: can't be told from here (another machine or container). */
  isAlive(holder: Holder): Promise<boolean | undefined>;
}

export function makeHolders(table: ProcessTable): Holders {
  const running = new Set<string>();
  return {
    async run(id, work) {
      const own = await ownId(table);
      running.add(id);
      try {
        return await work({ id, ...own });
      } finally {
        running.delete(id);
      }
    },
    async isAlive(holder) {
      const alive = await isRunning(holder, table);
      return alive && holder.pid === table.pid ? running.has(holder.id) : alive;
    },
  };
}

/** Those of this machine. */
export const localHolders: Holders = makeHolders(processTable);
