import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Progress } from '../../engine/model/io.ts';
import { runJobs } from '../../masterless/instance/jobs.ts';
import { Agenda } from '../../operation/agenda.ts';
import { runAgent } from '../../operation/agent.ts';
import type { Moving } from '../../operation/model.ts';
import type { Operation } from '../../operation/page/page.ts';
import { watch } from '../../operation/watchdog.ts';
import { oneDiagnostic } from '../../resources/shared/one-diagnostic.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { newestOf } from './agent-once.ts';
import { AlertLoop } from './alert-loop.ts';
import { Concerns } from './concerns.ts';
import { beAgentOf, isDraining } from './drain.ts';
import { dutiesOf, type VmDuty } from './duties.ts';
import { locate } from './locate.ts';
import { LogBook, moversIn } from './log-book.ts';
import { readManifests, remember, type TakenUp } from './manifests.ts';
import { type Moved, moveDuty } from './move-duty.ts';
import { pastCycle } from './past-cycle.ts';
import { look, openSite, type Site } from './site.ts';
import { type JobDone, slowJobs } from './slow-jobs.ts';
import type { HeldBack } from './take-up.ts';

export interface AgentOptions extends CommonOptions {
  /** Cycles at once. */
  slots: number;
  /** Told at each turn of the loop: that it goes on. */
  turned?(): void;
  /** Serves the page until it is closed; what only this agent knows of is asked for. */
  serve?(context: Context, operation: () => Promise<Operation>): Promise<{ close(): Promise<void> }>;
}

/** What an agent tells as it goes on; each thing once while it lasts. */
export type Heard =
  /** It begins: how many VMs it looks after, and when the first is due. */
  | { type: 'begins'; vms: number; slots: number; now: number; next: number | undefined }
  | { type: 'moved'; moved: Moved }
  /** What could not be seen. */
  | { type: 'unseen'; diagnostics: Diagnostic[] }
  /** Manifests can't be used: the agent goes by the last that could. */
  | { type: 'broken'; diagnostics: Diagnostic[] }
  | { type: 'taken-up'; vms: number }
  | { type: 'held'; held: HeldBack[] }
  | { type: 'job'; done: JobDone }
  | { type: 'job-failed'; job: string; diagnostics: Diagnostic[] }
  | { type: 'ended'; how: 'stopped' | 'drained' };

/** Between two looks at manifests, selections and repositories, ms. */
const refresh = 60_000;

/** Between two looks at what somebody has to be told, ms: within a minute, whatever a look takes. */
const alertsEvery = 20_000;

/** A site in use, and how many cycles still work in it. */
interface Open {
  site: Site;
  digest: string;
  duties: Map<string, VmDuty>;
  cycles: number;
  /** Another one has taken its place. */
  superseded: boolean;
}

/**
 * Runs the cycles of the declared VMs as they come due, and the slow jobs beside them, until it is stopped or
 * drained. Undefined when the manifests can't be used to begin with, which was told.
 *
 * @throws Failure `agent-runs`; `agent-stuck` when the loop doesn't go on any more
 */
export async function agent(
  context: Context,
  paths: string[],
  options: AgentOptions,
  hear: (heard: Heard) => void,
): Promise<'stopped' | 'drained' | undefined> {
  const base = await openSession(context, options);
  try {
    const { interrupt } = context.io;
    const lock = await beAgentOf(context.io.host, base.stateDir, interrupt);
    try {
      const within: Context = { ...context, ...(base.lab && { lab: base.lab }) };
      const it = new Agent(within, base, paths, options, hear);
      const served = await options.serve?.(within, () => it.operation());
      try {
        return await it.run();
      } finally {
        await served?.close();
      }
    } finally {
      await lock.release();
    }
  } finally {
    await base.close();
  }
}

class Agent {
  readonly #context: Context;
  readonly #base: Session;
  readonly #paths: string[];
  readonly #options: AgentOptions;
  readonly #hear: (heard: Heard) => void;
  #open: Open | undefined;
  /** What was told and still lasts, as text. */
  readonly #told = new Map<string, string>();
  readonly #concerns: Concerns;
  /** Cycles that run, by duty. */
  readonly #running = new Map<string, Moving>();
  readonly #by: string;
  readonly #book: LogBook;
  #lastTurn = 0;
  #isDraining = false;

  constructor(
    context: Context,
    base: Session,
    paths: string[],
    options: AgentOptions,
    hear: (heard: Heard) => void,
  ) {
    this.#context = context;
    this.#base = base;
    this.#paths = paths;
    this.#options = options;
    this.#hear = hear;
    const { clock, random } = base.world.host;
    this.#concerns = new Concerns(() => clock.now());
    this.#by = random.uuid();
    this.#book = new LogBook(this.#by, options.slots, clock.now());
  }

  /** What it does, and what it alone knows of that is wrong. */
  async operation(): Promise<Operation> {
    const mover = await this.#book.mover([...this.#running.values()], this.#base.world.host.clock.now());
    return { alerts: this.#concerns.open(), movers: [mover] };
  }

  async run(): Promise<'stopped' | 'drained' | undefined> {
    const { interrupt: signal } = this.#context.io;
    const { clock } = this.#base.world.host;
    const first = await this.#read();
    if (!first) return undefined;
    this.#open = await this.#openFor(first);
    const ending = new AbortController();
    const beside = AbortSignal.any([signal, ending.signal]);
    try {
      await this.#look(this.#open);
      this.#begins();
      this.#lastTurn = clock.now();
      const loop = runAgent(
        new Agenda(this.#options.slots),
        {
          clock,
          duties: () => this.#duties(),
          draining: async () => {
            this.#isDraining = await isDraining(this.#context.io.host, this.#base.stateDir);
            return this.#isDraining;
          },
          move: (id, mayBeLong) => this.#move(id, mayBeLong),
          turn: () => {
            this.#lastTurn = clock.now();
            this.#options.turned?.();
          },
        },
        { signal, refresh },
      );
      const alerts = this.#alerts(beside);
      const jobs = this.#slowJobs(beside);
      const ended = await Promise.race([loop, watch(clock, () => this.#lastTurn, beside)]);
      ending.abort();
      await Promise.all([jobs, alerts]);
      if (ended === 'done') return undefined;
      await this.#write(true);
      this.#hear({ type: 'ended', how: ended });
      return ended;
    } finally {
      ending.abort();
      await this.#open?.site.close();
    }
  }

  /** Undefined: the manifests can't be used, which is told once. */
  async #read(): Promise<TakenUp | undefined> {
    await this.#base.remember();
    const { engine } = this.#base.world.memory;
    const targets = this.#open?.site.catalog.targets ?? [];
    const read = await readManifests(this.#context, this.#paths, this.#options, engine, targets);
    if ('broken' in read) {
      this.#once('broken', read.broken, { type: 'broken', diagnostics: read.broken });
      const [first] = read.broken;
      this.#concerns.say(
        'broken-manifests',
        'manifests',
        first && `the manifests can not be used: ${first.message}`,
      );
      return undefined;
    }
    this.#told.delete('broken');
    const { taken } = read;
    this.#concerns.say('broken-manifests', 'manifests', undefined);
    const [held] = taken.held;
    this.#concerns.say(
      'held-back',
      'manifests',
      held && `${held.address} protects less: ${held.why.join('; ')}`,
    );
    this.#once('held', taken.held, { type: 'held', held: taken.held });
    await remember(engine, taken.catalog);
    return taken;
  }

  async #openFor({ catalog, digest }: TakenUp): Promise<Open> {
    const site = await openSite(this.#context, catalog, this.#options);
    return { site, digest, duties: new Map(), cycles: 0, superseded: false };
  }

  async #look(open: Open): Promise<void> {
    const diagnostics = await look(open.site);
    const located = await locate(this.#context, open.site, diagnostics);
    this.#once('unseen', diagnostics, { type: 'unseen', diagnostics });
    const duties = dutiesOf(open.site, this.#options.slots, located);
    open.duties = new Map(duties.map(duty => [duty.id, duty]));
    this.#concerns.selected(open.site.resources);
  }

  async #duties() {
    try {
      const taken = await this.#read();
      const before = this.#open!;
      if (taken && taken.digest !== before.digest) {
        const next = await this.#openFor(taken);
        for (const [url, view] of before.site.views) next.site.seenBefore.set(url, view);
        await this.#look(next);
        this.#open = next;
        before.superseded = true;
        await this.#closeUnused(before);
        this.#hear({ type: 'taken-up', vms: next.duties.size });
      } else await this.#look(before);
    } catch (error) {
      const diagnostics = error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
      this.#once('unseen', diagnostics, { type: 'unseen', diagnostics });
      return undefined;
    }
    const duties = [...this.#open!.duties.values()];
    await this.#write(false);
    return { duties, newest: newestOf(duties) };
  }

  async #move(id: string, mayBeLong: () => boolean) {
    const open = this.#open!;
    const duty = open.duties.get(id);
    // Let go of between two looks.
    if (!duty) return { result: 'busy' } as const;
    open.cycles++;
    const { clock } = this.#base.world.host;
    const began = clock.now();
    const moving: Moving = { vm: duty.declared.title, since: began };
    this.#running.set(id, moving);
    const onProgress = ({ done, total }: Progress) => Object.assign(moving, { done, total });
    const { outcome, moved } = await moveDuty(this.#context, open.site, duty, mayBeLong, onProgress);
    this.#running.delete(id);
    open.cycles--;
    const past = pastCycle(duty, moved, began, clock.now());
    if (past) this.#book.add(duty.declared.repository, past);
    this.#concerns.note(moved);
    const said = 'diagnostics' in moved ? moved.diagnostics : 'paused' in moved ? ['paused'] : [];
    if (!('busy' in moved) && !('waits' in moved)) this.#once(`moved ${id}`, said, { type: 'moved', moved });
    await this.#closeUnused(open);
    return outcome;
  }

  /** What it did, and what it does, into the repositories; others that have fallen silent are told of. */
  async #write(isEnd: boolean): Promise<void> {
    const { site } = this.#open!;
    const now = this.#base.world.host.clock.now();
    const failures = await this.#book.write(site, [...this.#running.values()], now, isEnd);
    const diagnostics = failures.flatMap(failure => failure.diagnostics);
    this.#once('log-book', diagnostics, { type: 'unseen', diagnostics });
    for (const { repository } of isEnd ? [] : site.views.values())
      if (repository) this.#concerns.silent(await moversIn(repository, now), this.#by, now);
  }

  async #closeUnused({ site, superseded, cycles }: Open): Promise<void> {
    if (superseded && cycles === 0) await site.close();
  }

  #slowJobs(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#base.world.host;
    const jobs = slowJobs({
      context: this.#context,
      paths: this.#paths,
      options: this.#options,
      site: () => this.#open!.site,
      memory: () => this.#base.world.memory.engine,
      draining: () => this.#isDraining,
      done: done => {
        this.#hear({ type: 'job', done });
        this.#concerns.noteJob(done);
      },
    });
    const rejected = ({ name }: { name: string }, error: unknown) => {
      const diagnostics = error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
      this.#once(`job ${name}`, diagnostics, { type: 'job-failed', job: name, diagnostics });
    };
    return runJobs(jobs, { clock, random, signal, rejected });
  }

  /** Tells of alerts until the signal comes; a turn that fails is told, and the next one comes. */
  #alerts(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#base.world.host;
    const watched = {
      site: () => this.#open!.site,
      failing: this.#concerns.failing,
      own: () => this.#concerns.all(),
    };
    const loop = new AlertLoop(this.#context, watched, this.#by);
    const rejected = (_: unknown, error: unknown) => {
      const diagnostics = error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
      this.#once('alerts', diagnostics, { type: 'job-failed', job: 'alerts', diagnostics });
    };
    const turn = async () => {
      const diagnostics = await loop.turn();
      this.#once('alerts', diagnostics, { type: 'job-failed', job: 'alerts', diagnostics });
      return 'done' as const;
    };
    return runJobs([{ name: 'alerts', every: alertsEvery, turn }], { clock, random, signal, rejected });
  }

  #begins(): void {
    const { clock } = this.#base.world.host;
    const now = clock.now();
    const duties = [...this.#open!.duties.values()];
    const newest = newestOf(duties);
    const ready = duties.map(({ id, next }) => next(newest.get(id), now).ready);
    const next = ready.length === 0 ? undefined : Math.min(...ready);
    this.#hear({ type: 'begins', vms: duties.length, slots: this.#options.slots, now, next });
  }

  /** Tells something when it isn't what was told before; with nothing in it, it has passed. */
  #once(about: string, what: readonly unknown[], heard: Heard): void {
    const text = JSON.stringify(what, (key, value) => (key === 'cause' ? undefined : value));
    const before = this.#told.get(about);
    this.#told.set(about, text);
    const isSilent = what.length === 0 && !('moved' in heard && 'cycle' in heard.moved);
    if (!isSilent && (before !== text || what.length === 0)) this.#hear(heard);
  }
}
