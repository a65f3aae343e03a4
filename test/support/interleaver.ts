import { Failure } from '../../src/diagnostics/diagnostic.ts';
import type { Random } from '../../src/io/ports.ts';
import type { Holders } from '../../src/replication/cycle/holders.ts';
import { repairVm } from '../../src/replication/cycle/repair.ts';
import { runCycle } from '../../src/replication/cycle/run-cycle.ts';
import { ownEpoch } from '../../src/replication/cycle/snapshot-name.ts';
import type { Point } from '../../src/replication/model/point.ts';
import type { SourceMachine } from '../../src/replication/model/source.ts';
import type { ObjectStore } from '../../src/replication/model/store.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import type { Retention } from '../../src/replication/retention/policy.ts';
import { aPlace, CycleWorld } from './cycles.ts';
import { world } from './made-up.ts';
import { pruneOnce } from './prune.ts';

export const BLOCK = 64 * 1024;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From mark to removal here, so that histories are short: a mover that is stopped is stopped for longer. */
const PATIENCE = 2 * HOUR;

/** What becomes of one call of an actor. */
export type Fate = 'done' | 'lost' | 'refused' | 'late' | 'doubled';

/** One call that waits to be let through. */
interface Waiting {
  what: string;
  /** The same without ids. */
  kind: string;
  go(fate: Fate): void;
}

interface Actor {
  kind: 'mover' | 'pruner' | 'repairer';
  waiting: Waiting[];
  dead: boolean;
  over: boolean;
  done: Promise<void>;
  fate: Fate;
  pid: number;
}

/** Random enough for ids, and made without a digest: histories ask for tens of thousands. */
function cheapRandom(): Random {
  const { below } = choices(1);
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
  return {
    bytes,
    uuid: () =>
      bytes(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  };
}

/** Choices that are the same for the same seed. */
export function choices(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (most: number) => Math.floor(next() * most),
    of: <T>(...all: readonly T[]): T => all[Math.floor(next() * all.length)]!,
  };
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const unreachable = () => new Failure(world('unreachable', 'no answer came'));
const lostAnswer = () => new Failure(world('answer-lost', 'the answer was lost'));

/**
 * One VM, two movers, a pruner that compacts, and a repairer, each of which stops before every call to the
 * store or to vSphere until it is let through: now, a day later, twice, or without its answer. What must be
 * true is asked now and then.
 */
export class Interleaver {
  readonly it: CycleWorld;
  readonly actors: Actor[] = [];
  /** Calls that were let through, and what came of them. */
  calls = 0;
  /**
   * Every state that was met: which calls wait, of whom, how they are to end, how many objects of each kind
   * there are, and what is at the source.
   */
  readonly states: Set<string>;
  /** What came to pass, and how often. */
  readonly seen: Record<string, number> = {};
  readonly trace: string[] = [];
  /** Writes that their sender has given up, and that arrive later. */
  readonly onTheWay: (() => Promise<unknown>)[] = [];
  /** What each cycle froze, by its epoch. */
  readonly #frozen = new Map<number, Buffer>();
  /** When a point was last listed. */
  readonly #listed = new Map<string, { epoch: number; at: number }>();
  /** Points that were restored, and how much had been removed then. */
  readonly #whole = new Map<string, number>();
  /** What the store held when the truth was demanded last, and what was listed then. */
  #told: { written: number; points: Point[] } | undefined;
  #there: { written: number; kinds: string } | undefined;
  #pids = 1000;
  #repository!: OpenRepository;

  constructor(blocks: number, states = new Set<string>()) {
    this.states = states;
    this.it = new CycleWorld(blocks * BLOCK);
    this.it.clock.turns = 1;
    this.it.random = cheapRandom();
  }

  async begin(): Promise<void> {
    for (let at = 0; at < this.it.disk.content.length; at += BLOCK)
      this.write(at / BLOCK, 1, 100 + at / BLOCK);
    this.#repository = await createRepository(this.it.store, { random: this.it.random });
  }

  /** Lets what was woken run until it waits again. */
  async settle(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
  }

  #gate<T>(actor: Actor, what: string, isWrite: boolean, call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const go = (fate: Fate): void => {
        this.calls++;
        if (actor.dead) return;
        if (fate === 'late' && isWrite) this.onTheWay.push(call);
        if (fate === 'refused' || fate === 'late') {
          reject(fate === 'late' && isWrite ? lostAnswer() : unreachable());
          return;
        }
        const once = call();
        if (fate === 'lost')
          once.then(
            () => reject(isWrite ? lostAnswer() : unreachable()),
            () => reject(unreachable()),
          );
        else
          (fate === 'doubled' ? once.then(answer => call().then(() => answer)) : once).then(resolve, reject);
      };
      const [name, key = ''] = what.split(' ');
      actor.waiting.push({ what, kind: `${name} ${key.split('/')[2] ?? key}`, go });
    });
  }

  #store(actor: Actor): ObjectStore {
    const { store } = this.it;
    const gated =
      <K extends 'get' | 'head' | 'put' | 'remove' | 'erase'>(name: K, isWrite: boolean) =>
      (...args: unknown[]) =>
        this.#gate(actor, `${name} ${args[0]}`, isWrite, () =>
          (store[name] as (...all: unknown[]) => Promise<unknown>)(...args),
        );
    const list = async function* (this: Interleaver, prefix: string, after?: string) {
      const all = await this.#gate(actor, `list ${prefix}`, false, () => allOf(store.list(prefix, after)));
      yield* all;
    }.bind(this);
    const folders = async function* (this: Interleaver, prefix: string) {
      yield* await this.#gate(actor, `list ${prefix}`, false, () => allOf(store.folders(prefix)));
    }.bind(this);
    return {
      url: store.url,
      get: gated('get', false),
      head: gated('head', false),
      put: gated('put', true),
      remove: gated('remove', true),
      erase: gated('erase', true),
      list,
      folders,
    } as ObjectStore;
  }

  #machine(actor: Actor): SourceMachine {
    const { machine } = this.it;
    return new Proxy(machine, {
      get: (target, name: keyof SourceMachine) => {
        const value = target[name] as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          this.#gate(actor, String(name), name !== 'inspect', async () => {
            const answer = await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
            if (name === 'createSnapshot') {
              const made = answer as { name: string };
              const epoch = ownEpoch(made.name, { vm: machine.uuid, repository: this.#repository.id });
              this.#frozen.set(epoch, machine.snapshots.at(-1)!.disks[0]!.content);
            }
            return answer;
          });
      },
    });
  }

  #actor(kind: Actor['kind'], run: (actor: Actor) => Promise<unknown>): void {
    const pid = this.#pids++;
    const actor: Actor = {
      ...{ kind, waiting: [], dead: false, over: false, fate: 'done', pid },
      done: Promise.resolve(),
    };
    actor.done = run(actor).then(
      () => this.#end(actor, 'done'),
      error => {
        if (!(error instanceof Failure) && !(error instanceof Error && error.name === 'AbortError'))
          throw error;
        this.#end(actor, error instanceof Failure ? (error.diagnostics[0]?.code ?? 'failed') : 'aborted');
      },
    );
    this.actors.push(actor);
  }

  #count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  #end(actor: Actor, how: string): void {
    actor.over = true;
    this.it.dead.add(actor.pid);
    this.trace.push(`${actor.kind} ${actor.pid} ended: ${how}`);
    this.#count(`${actor.kind} ${how}`);
  }

  /** The repository as an actor reaches it; every other one knows already that the store compares. */
  #open(actor: Actor): Promise<OpenRepository> {
    const conditions = () => ({ proven: actor.pid % 2 === 0, passed: async () => {} });
    return createRepository(this.#store(actor), { random: this.it.random, conditions });
  }

  #holders(actor: Actor): Holders {
    return {
      run: (id, work) => work({ id, pid: actor.pid, start: '', ...aPlace }),
      isAlive: async holder => !this.it.dead.has(holder.pid),
    };
  }

  startMover(): void {
    const { clock, random } = this.it;
    this.#actor('mover', async actor => {
      await runCycle({
        machine: this.#machine(actor),
        repository: await this.#open(actor),
        policy: { quiesce: 'off', exclude: [], rescan: false },
        holders: this.#holders(actor),
        ...{ clock, random, step: async () => {} },
      });
    });
  }

  startPruner(policy: Retention = { all: HOUR, hourly: 2 * DAY }): void {
    const { clock, machine } = this.it;
    this.#actor('pruner', async actor => {
      const repository = await this.#open(actor);
      const pruned = await pruneOnce(repository, {
        ...{ policy, grace: PATIENCE, uuid: machine.uuid },
        compacting: { repository, clock, holders: this.#holders(actor), bytes: 2 ** 30 },
      });
      if (pruned.compacted) this.#count(pruned.compacted.not ?? 'compacted');
    });
  }

  startRepairer(rebuildHead = false): void {
    const { clock, random, machine } = this.it;
    this.#actor('repairer', async actor => {
      const repository = await this.#open(actor);
      const repaired = await repairVm(repository, repository.vm(machine.uuid), {
        ...{ clock, random, holders: this.#holders(actor), rebuildHead, step: async () => {} },
      });
      for (const wrote of repaired.wrote) this.#count(`repaired ${wrote}`);
    });
  }

  get running(): Actor[] {
    return this.actors.filter(one => !one.over && !one.dead);
  }

  kill(actor: Actor): void {
    actor.dead = true;
    this.it.dead.add(actor.pid);
    this.trace.push(`${actor.kind} ${actor.pid} killed before ${actor.waiting[0]?.what ?? 'nothing'}`);
  }

  /** Lets an actor make so many calls, the last one with the fate that is given. */
  async let(actor: Actor, calls: number, fate: Fate = 'done'): Promise<void> {
    for (let n = 0; n < calls && !actor.over && !actor.dead; n++) {
      const next = actor.waiting.shift();
      if (!next) break;
      const last = n === calls - 1 ? fate : 'done';
      this.trace.push(`${actor.kind} ${actor.pid}: ${next.what} ${last}`);
      next.go(last);
      await this.settle();
      this.#note(last);
    }
  }

  #note(fate: Fate): void {
    const waiting = this.running.map(one => `${one.kind} ${one.waiting.map(({ kind }) => kind).join('+')}`);
    const { length } = this.it.machine.snapshots;
    this.states.add(`${waiting.sort().join(';')} ${fate} ${this.#objects()} ${length}`);
  }

  /** How many objects of each kind there are, counted where something was written since. */
  #objects(): string {
    const { written, objects } = this.it.store;
    if (this.#there?.written === written) return this.#there.kinds;
    const there: Record<string, number> = {};
    for (const key of objects.keys()) {
      const kind = key.split('/')[2] ?? key;
      there[kind] = (there[kind] ?? 0) + 1;
    }
    this.#there = { written, kinds: JSON.stringify(there) };
    return this.#there.kinds;
  }

  async arrive(): Promise<void> {
    const one = this.onTheWay.shift();
    if (one) this.trace.push('a late write arrives');
    await one?.().catch(() => {});
  }

  async pass(ms: number): Promise<void> {
    this.trace.push(`${ms / HOUR} h pass`);
    await (ms < DAY ? this.it.clock.advance(ms) : this.it.clock.jump(ms));
  }

  /** So many blocks from `block` on, each with a value of its own; zeros are among them. */
  write(block: number, count: number, value: number): void {
    for (let n = 0; n < count && (block + n) * BLOCK < this.it.disk.content.length; n++)
      this.it.disk.write((block + n) * BLOCK, Buffer.alloc(BLOCK, value + n));
  }

  /** Everybody goes on to the end. */
  async finish(): Promise<void> {
    for (let round = 0; this.running.length > 0; round++) {
      if (round > 5_000) throw new Error(`nobody comes to an end: ${this.trace.slice(-5).join('; ')}`);
      const ready = this.running.filter(({ waiting }) => waiting.length > 0);
      for (const actor of ready) await this.let(actor, 1);
      if (ready.length === 0) await this.it.clock.advance(MINUTE);
      await this.settle();
    }
    while (this.onTheWay.length > 0) await this.arrive();
  }

  /** Every point that is listed restores to what was frozen, and so do those that were listed a while ago. */
  async demandTruth(): Promise<void> {
    const vm = this.#repository.vm(this.it.machine.uuid);
    const now = this.it.clock.now();
    const { written, erased: removals } = this.it.store;
    // Where nothing was written nothing else is listed.
    if (this.#told?.written !== written) this.#told = { written, points: await vm.points() };
    const { points } = this.#told;
    for (const { id, epoch } of points) this.#listed.set(id, { epoch, at: now });
    for (const [id, { epoch, at }] of this.#listed) {
      if (now - at >= PATIENCE) {
        this.#listed.delete(id);
        continue;
      }
      const point = points.find(one => one.id === id) ?? (await vm.point(id));
      if (!point) throw new Error(`point ${id} was listed ${(now - at) / HOUR} h ago, and is gone`);
      // What is written is written once: as long as nothing was removed, what was whole is whole.
      if (this.#whole.get(id) === removals) continue;
      const reader = await vm.reader(point, point.disks[0]!);
      const frozen = this.#frozen.get(epoch)!;
      for (let block = 0; block < reader.map.blocks; block++)
        if (!(await reader.block(block)).equals(frozen.subarray(block * BLOCK, (block + 1) * BLOCK)))
          throw new Error(`block ${block} of point ${id} is another one`);
      this.#whole.set(id, removals);
    }
  }
}
