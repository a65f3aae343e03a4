import type { Address } from '../model/catalog.ts';
import type { RunReport } from '../model/events.ts';
import type { Action, PlannedResource } from '../model/plan.ts';
import type { Subject } from '../model/subject.ts';

/** One resource of the plan on its way through an apply. */
export interface Node {
  planned: PlannedResource;
  subject: Subject;
  /** Set when its own change succeeded; what is left is a refresh. */
  done?: { note?: string; numbers?: Record<string, number>; started: number };
  /** It was made in this run: what is remote may not be seen everywhere at once. */
  created?: true;
  result?: RunReport['results'][number];
  /** Names of properties that a guard leaves as they are, while the rest of the change is made. */
  heldBack?: ReadonlySet<string>;
  /** Dependencies that changed in this run, also those of dependencies that didn't; the first few. */
  after?: Address[];
  /** What it turned out to need when it was looked at again. */
  became?: Action;
}

/** Enough to say why something was looked at again. */
const mostNamed = 3;

/** Hands out resources whose dependencies are done. */
export class Walk {
  readonly nodes: ReadonlyMap<Address, Node>;
  readonly #waiting = new Map<Address, number>();
  readonly #dependants = new Map<Address, Address[]>();
  #ready: Address[] = [];
  #left: number;
  #finished = Promise.withResolvers<void>();

  constructor(resources: readonly PlannedResource[], subjects: readonly Subject[]) {
    this.nodes = new Map(
      resources.map((planned, i) => [planned.address, { planned, subject: subjects[i]! }]),
    );
    this.#left = resources.length;
    for (const { address, dependsOn } of resources) {
      this.#waiting.set(address, dependsOn.length);
      if (dependsOn.length === 0) this.#ready.push(address);
      for (const to of dependsOn) {
        const known = this.#dependants.get(to);
        if (known) known.push(address);
        else this.#dependants.set(to, [address]);
      }
    }
  }

  /** All that became ready since the last call. */
  takeReady(): Node[] {
    const ready = this.#ready.map(address => this.nodes.get(address)!);
    this.#ready = [];
    for (const node of ready) node.after = this.#changedBefore(node);
    return ready;
  }

  /** Resolves when any node is finished after this call. */
  nextFinish(): Promise<void> {
    return this.#finished.promise;
  }

  isUnfinished(): boolean {
    return this.#left > 0;
  }

  finish(node: Node, result: NonNullable<Node['result']>): void {
    if (!node.result) this.#left--;
    node.result = result;
    this.#finished.resolve();
    this.#finished = Promise.withResolvers<void>();
    for (const dependant of this.#dependants.get(node.planned.address) ?? []) {
      const left = this.#waiting.get(dependant)! - 1;
      this.#waiting.set(dependant, left);
      if (left === 0) this.#ready.push(dependant);
    }
  }

  #changedBefore({ planned }: Node): Address[] {
    const changed = new Set<Address>();
    for (const to of planned.dependsOn) {
      if (changed.size >= mostNamed) break;
      const before = this.nodes.get(to);
      const result = before?.result?.result;
      if (result === 'changed' || result === 'refreshed') changed.add(to);
      else for (const address of before?.after ?? []) changed.add(address);
    }
    return [...changed].slice(0, mostNamed);
  }

  /** The dependencies that failed, were skipped, blocked or interrupted. */
  brokenFor({ planned }: Node): Address[] {
    return planned.dependsOn.filter(to => {
      const result = this.nodes.get(to)?.result?.result;
      return result === 'failed' || result === 'skipped' || result === 'blocked' || result === 'interrupted';
    });
  }

  /** Those that a change of this node will have to refresh, in this run or, not being in it, a later one. */
  receiversOf({ planned }: Node): Address[] {
    return planned.notifies.filter(address => {
      const receiver = this.nodes.get(address);
      if (!receiver) return true;
      return receiver.subject.type.refresh && !receiver.subject.absent && !receiver.planned.noop;
    });
  }

  /** A dependency whose change waits for its maintenance window. */
  heldFor({ planned }: Node): Address | undefined {
    return planned.dependsOn.find(to => this.nodes.get(to)?.result?.result === 'held');
  }

  /** Those that notify this one and did change. */
  notifiersOf({ planned }: Node): Address[] {
    return planned.dependsOn.filter(to => {
      const notifier = this.nodes.get(to);
      if (!notifier?.planned.notifies.includes(planned.address)) return false;
      return notifier.result?.result === 'changed' || notifier.result?.result === 'refreshed';
    });
  }
}
