import type { Movers } from '../../src/replication/cycle/movers.ts';
import type { CycleOptions, CyclePolicy, CycleResult } from '../../src/replication/cycle/options.ts';
import { runCycle } from '../../src/replication/cycle/run-cycle.ts';
import { FakeDisk, FakeMachine } from './fake-machine.ts';
import { MemoryRepository } from './memory-repository.ts';
import { SeededRandom } from './seeded-random.ts';
import { SteppedClock } from './stepped-clock.ts';

export const KiB = 1024;

/** A process that died: what it still tries reaches nobody. */
export class Killed extends Error {}

export type CycleProcess = CycleOptions & { pid: number; movers: Movers; repository: { dead: boolean } };

/** A VM, a repository and the means to run cycles between them, each as a process of its own. */
export class CycleWorld {
  readonly clock = new SteppedClock();
  readonly machine: FakeMachine;
  readonly memory = new MemoryRepository();
  readonly random = new SeededRandom('cycles');
  /** Processes whose cycle is over, however it ended. */
  readonly dead = new Set<number>();
  #processes = 0;

  constructor(...sizes: number[]) {
    const disks = sizes.map((size, index) => new FakeDisk(2000 + index, size));
    this.machine = new FakeMachine(this.clock, disks);
  }

  /** The options of one cycle, by a process of its own. */
  process(policy: Partial<CyclePolicy> = {}): CycleProcess {
    const pid = ++this.#processes;
    return {
      machine: this.machine,
      repository: this.memory.process(),
      policy: { quiesce: 'off', exclude: [], rescan: false, ...policy },
      pid,
      movers: {
        run: (id, work) => work({ id, host: 'mover', pid, start: '' }),
        isAlive: async holder => !this.dead.has(holder.pid),
      },
      clock: this.clock,
      random: this.random,
      step: async () => {},
    };
  }

  async run(policy: Partial<CyclePolicy> = {}): Promise<CycleResult> {
    await this.clock.advance(60_000);
    return runCycle(this.process(policy));
  }

  /**
   * Runs a cycle that ends before step number `at`: by an error that it can clean up after, or with
   * the process gone. Answers with the steps that were reached, in order.
   */
  async killedAt(at: number, how: 'error' | 'gone', policy: Partial<CyclePolicy> = {}): Promise<string[]> {
    await this.clock.advance(60_000);
    const options = this.process(policy);
    const steps: string[] = [];
    const step = async (name: string) => {
      if (steps.length > at && how === 'gone') throw new Killed(name);
      steps.push(name);
      if (steps.length !== at + 1) return;
      if (how === 'gone') {
        this.machine.dead = true;
        options.repository.dead = true;
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
