import { hostname } from 'node:os';
import { type ProcessTable, processTable } from '../../io/process-table.ts';

/** Who holds a lease, for messages and for telling whether it still lives. */
export interface Holder {
  /** Unique per cycle. */
  id: string;
  /** Host name. */
  host: string;
  pid: number;
  /** When the process started, opaque: a process number is used again, this pair isn't. */
  start: string;
}

/** The cycles that run in this process, and what can be told of those that run elsewhere. */
export interface Movers {
  /** Runs `work` as a holder that is alive until it settles. */
  run<T>(id: string, work: (holder: Holder) => Promise<T>): Promise<T>;
  /** Undefined: can't be told from here (another host). */
  isAlive(holder: Holder): Promise<boolean | undefined>;
}

/** @param host name of this machine, as the leases of its processes carry it */
export function makeMovers(host: string, table: ProcessTable): Movers {
  const running = new Set<string>();
  return {
    async run(id, work) {
      const start = (await table.startOf(table.pid)) ?? 'unknown';
      running.add(id);
      try {
        return await work({ id, host, pid: table.pid, start });
      } finally {
        running.delete(id);
      }
    },
    async isAlive(holder) {
      if (holder.host !== host) return undefined;
      const start = await table.startOf(holder.pid);
      if (
        start === undefined ||
        (start !== 'unknown' && holder.start !== 'unknown' && start !== holder.start)
      )
        return false;
      return holder.pid === table.pid ? running.has(holder.id) : true;
    },
  };
}

/** Those of this machine. */
export const localMovers: Movers = makeMovers(hostname(), processTable);
