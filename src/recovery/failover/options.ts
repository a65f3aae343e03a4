import type { Clock } from '../../io/ports.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { NetworkFacts } from '../model/machines.ts';
import type { Prober } from '../model/probes.ts';
import type { Run } from './run.ts';

export interface RehearseOptions {
  repository: Repository;
  run: Run;
  cloud: Pick<RecoveryCloud, 'machines' | 'volumes' | 'groups' | 'shells' | 'teardown'>;
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

export const goOn = 'run again to go on, or `converge failover cleanup` to remove what there is';
