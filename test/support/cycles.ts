import { Failure } from '../../src/diagnostics/diagnostic.ts';
import type { Place } from '../../src/io/handles/process-table.ts';
import type { Random } from '../../src/io/ports.ts';
import type { Holders } from '../../src/replication/cycle/holders.ts';
import type { CycleOptions, CyclePolicy, CycleResult } from '../../src/replication/cycle/options.ts';
import { runCycle } from '../../src/replication/cycle/run-cycle.ts';
import type { Repository } from '../../src/replication/model/repository.ts';
import type { ObjectStore } from '../../src/replication/model/store.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import { FakeDisk, FakeMachine } from './fake-machine.ts';
import { world } from './made-up.ts';
import { memoryStore } from './memory-store.ts';
import { SeededRandom } from './seeded-random.ts';
import { SteppedClock } from './stepped-clock.ts';

export const KiB = 1024;
export const aPlace: Place = { host: 'mover', machine: 'm', boot: 'b', namespace: 'n' };

/** A process that died: what it still tries reaches nobody. */
export class Killed extends Error {}

export type CycleProcess = CycleOptions & { pid: number; holders: Holders; life: Life };

interface Life {
  dead: boolean;
}

/** A VM, a repository and the means to run cycles between them, each as a process of its own. */
export class CycleWorld {
  readonly clock = new SteppedClock();
  readonly machine: FakeMachine;
  readonly store = memoryStore('memory://test', () => this.clock.now());
  random: Random = new SeededRandom('cycles');
  /** Processes whose cycle is over, however it ended. */
  readonly dead = new Set<number>();
  #processes = 0;

  constructor(...sizes: number[]) {
    const disks = sizes.map((size, index) => new FakeDisk(2000 + index, size));
    this.machine = new FakeMachine(this.clock, disks);
  }

  /** The repository as a process sees it. */
  repository(life: Life = { dead: false }): Promise<Repository> {
    return createRepository(mortal(this.store, life), { random: this.random });
  }

  /** All points so far. */
  async points() {
    return (await this.repository()).vm(this.machine.uuid).points();
  }

  /** The one object of the store whose name ends so. */
  key(end: string): string {
    return [...this.store.objects.keys()].find(key => key.endsWith(end))!;
  }

  /** The options of one cycle, by a process of its own. */
  async process(policy: Partial<CyclePolicy> = {}): Promise<CycleProcess> {
    const pid = ++this.#processes;
    const life = { dead: false };
    return {
      machine: this.machine,
      repository: await this.repository(life),
      life,
      policy: { quiesce: 'off', exclude: [], rescan: false, ...policy },
      pid,
      holders: {
        run: (id, work) => work({ id, pid, start: '', ...aPlace }),
        isAlive: async holder => !this.dead.has(holder.pid),
      },
      clock: this.clock,
      random: this.random,
      step: async () => {},
    };
  }

  async run(policy: Partial<CyclePolicy> = {}): Promise<CycleResult> {
    await this.clock.advance(60_000);
    return runCycle(await this.process(policy));
  }

  /**
   * Runs a cycle that ends before step number `at`: by an error that it can clean up after, or with
   * the process gone. Answers with the steps that were reached, in order.
   */
  async killedAt(at: number, how: 'error' | 'gone', policy: Partial<CyclePolicy> = {}): Promise<string[]> {
    await this.clock.advance(60_000);
    const options = await this.process(policy);
    const steps: string[] = [];
    const step = async (name: string) => {
      if (steps.length > at && how === 'gone') throw new Killed(name);
      steps.push(name);
      if (steps.length !== at + 1) return;
      if (how === 'gone') {
        this.machine.dead = true;
        options.life.dead = true;
      }
      throw new Killed(name);
    };
    await runCycle({ ...options, step }).catch(() => {});
    this.dead.add(options.pid);
    this.machine.dead = false;
    return steps;
  }

  get disk(): FakeDisk {
    return this.machine.disks[0]!;
  }
}

/** The store as a process reaches it: not at all once it is dead. */
const mortal = (store: ObjectStore, life: Life): ObjectStore =>
  new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      if (life.dead) throw new Failure(world('unreachable', 'this process is gone'));
      return target[name];
    },
  });
