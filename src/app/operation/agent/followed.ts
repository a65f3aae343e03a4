import { Failure } from '../../../diagnostics/diagnostic.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { noneDeclared } from '../../repository/which-repository.ts';
import type { Session } from '../../session/open-session.ts';
import { LastGood } from '../declared/last-good.ts';
import { readManifests, recall, remember, type TakenUp } from '../declared/manifests.ts';
import { countSelected, heldSelections } from '../declared/selections.ts';
import type { HeldBack } from '../declared/take-up.ts';
import { dutiesOf, type VmDuty } from '../site/duties.ts';
import { locate } from '../site/locate.ts';
import { type MembersMemory, passingMemory } from '../site/members.ts';
import { look, openSite, type Site } from '../site/site.ts';
import type { Concerns } from './concerns.ts';
import type { Telling } from './telling.ts';

/** A site in use, and how many cycles still work in it. */
export interface Open {
  readonly site: Site;
  readonly digest: string;
  /** What the manifests protect less, as it goes on. */
  held: readonly HeldBack[];
  duties: Map<string, VmDuty>;
  cycles: number;
  /** Another one has taken its place. */
  superseded: boolean;
}

export interface FollowedOptions extends CommonOptions {
  /** Cycles at once. */
  slots: number;
}

/** Whoever follows manifests, and whom that is told. */
export interface Follower {
  context: Context;
  base: Session;
  paths: string[];
  options: FollowedOptions;
  telling: Telling;
  concerns: Concerns;
  /** Cycles at once at a vCenter that has no limit of its own. */
  most: number;
  /** Whether it decides what VMs are owed, and so holds on to what protects more than the manifests do. */
  decides: boolean;
}

/** The manifests that somebody goes by for as long as it runs, and what they lead to, open. */
export class Followed {
  readonly #by: Follower;
  readonly #lastGood: LastGood;
  /** What selections mean: whoever decides nothing keeps it for as long as it runs. */
  readonly #members: MembersMemory = passingMemory();
  #open: Open | undefined;

  constructor(by: Follower) {
    this.#by = by;
    const { context, base, paths, options } = by;
    this.#lastGood = new LastGood(context.io.host, base.stateDir, paths, options);
  }

  /** Only once it has begun. */
  get open(): Open {
    return this.#open!;
  }

  /**
   * False: the manifests can't be used, which was told.
   *
   * @throws Failure `no-repository`: they declare no protected VM
   */
  async begin(): Promise<boolean> {
    const first = await this.#read();
    if (!first) return false;
    this.#open = await this.#openFor(first);
    await this.#look(this.#open);
    if (this.#open.site.declared.length === 0) throw noneDeclared(this.#by.paths);
    return true;
  }

  /**
   * Looks again, by the manifests as they are now if those can be used. Undefined: nothing could be seen,
   * which was told.
   */
  async again(): Promise<VmDuty[] | undefined> {
    const { telling } = this.#by;
    try {
      const taken = await this.#read();
      const before = this.open;
      if (taken && taken.digest !== before.digest) {
        const next = await this.#openFor(taken);
        for (const [url, view] of before.site.views) next.site.seenBefore.set(url, view);
        await this.#look(next);
        this.#open = next;
        before.superseded = true;
        await closeUnused(before);
        telling.say({ type: 'taken-up', vms: next.duties.size });
      } else {
        if (taken) before.held = taken.held;
        await this.#look(before);
      }
    } catch (error) {
      const diagnostics = error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
      telling.once('unseen', diagnostics, { type: 'unseen', diagnostics });
      return undefined;
    }
    return [...this.open.duties.values()];
  }

  /** Runs a cycle of what is open now, which stays open for that long. */
  async during<T>(open: Open, cycle: () => Promise<T>): Promise<T> {
    open.cycles++;
    try {
      return await cycle();
    } finally {
      open.cycles--;
      await closeUnused(open);
    }
  }

  async close(): Promise<void> {
    await this.#open?.site.close();
  }

  /**
   * Undefined: the manifests can't be used, which is told once. Whoever begins then goes by the last that
   * could.
   */
  async #read(): Promise<TakenUp | undefined> {
    const { context, base, paths, options, telling, concerns, decides } = this.#by;
    await base.remember();
    const { engine } = base.world.memory;
    const memory = decides ? engine : undefined;
    const running = this.#open?.site.catalog;
    if (decides) await recall(engine, this.#lastGood, running);
    const before = running ?? (decides ? (await this.#lastGood.read())?.catalog : undefined);
    const diagnostics = this.#lastGood.wrong();
    if (diagnostics.length > 0) telling.say({ type: 'unseen', diagnostics });
    const { taken, broken } = await readManifests(context, paths, options, memory, before);
    concerns.broken(broken);
    if (broken) {
      telling.once('broken', broken, { type: 'broken', diagnostics: broken, isEnd: !taken });
    } else telling.passed('broken');
    if (!taken) return undefined;
    if (decides) await remember(engine, taken.catalog);
    return taken;
  }

  async #openFor({ catalog, digest, held }: TakenUp): Promise<Open> {
    const { context, options } = this.#by;
    const site = await openSite(context, catalog, options);
    return { site, digest, held, duties: new Map(), cycles: 0, superseded: false };
  }

  async #look(open: Open): Promise<void> {
    const { context, base, most, telling, concerns, decides } = this.#by;
    const memory = decides ? base.world.memory.engine : undefined;
    const diagnostics = await look(open.site, memory ?? this.#members, decides);
    const held = [...open.held, ...(memory ? heldSelections(open.site, memory) : [])];
    concerns.held(held);
    telling.once('held', held, { type: 'held', held });
    const located = await locate(context, open.site, diagnostics);
    telling.once('unseen', diagnostics, { type: 'unseen', diagnostics });
    const duties = dutiesOf(open.site, most, located);
    open.duties = new Map(duties.map(duty => [duty.id, duty]));
    concerns.selected(await countSelected(open.site, memory));
    if (memory) await this.#lastGood.keep(open.site.catalog, open.digest, memory);
  }
}

async function closeUnused({ site, superseded, cycles }: Open): Promise<void> {
  if (superseded && cycles === 0) await site.close();
}
