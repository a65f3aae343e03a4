import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { NetworkFacts } from '../model/machines.ts';
import type { Prober } from '../model/probes.ts';
import type { Run } from '../run/run.ts';

export interface RehearseOptions {
  repository: Repository;
  run: Run;
  cloud: Pick<
    RecoveryCloud,
    'snapshots' | 'machines' | 'volumes' | 'groups' | 'shells' | 'teardown' | 'imports' | 'uploads' | 'dns'
  >;
  prober: Prober;
  clock: Clock;
  /** The network as it was seen just now; looked at anew when left out. */
  proven?: NetworkFacts;
  /** Somebody said that what may lead out of the network and can't be asked for doesn't matter. */
  mayBeUnseen?: boolean;
  /** The run was begun by this very command, so that nothing of it can have been launched before. */
  begunHere?: boolean;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  /** What goes on, for people. */
  say?(line: string): void;
  signal?: AbortSignal;
}

export const goOn = 'run again to go on, or `converge failover cleanup PLAN PATHS` to remove what there is';

export const lookEvery = 2_000;
export const patience = 10 * 60_000;

/**
 * Looks until the answer is `yes`; any other answer than `not yet` is why it never will be.
 *
 * @param begun EC2 was asked to make it just now: it is pending, and a look at once a call for nothing
 */
export const settled = (
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
  what: string,
  begun: boolean,
  look: () => Promise<string>,
): Promise<true> =>
  until(
    clock,
    async () => {
      const answer = await look();
      if (answer === 'yes') return true;
      if (answer === 'not yet') return undefined;
      throw new Failure(world('machine-not-launched', own`${what} is no use: ${answer}`, { hint: goOn }));
    },
    { every: lookEvery, atMost: patience, what, begun, hint: goOn, ...(signal && { signal }) },
  );
