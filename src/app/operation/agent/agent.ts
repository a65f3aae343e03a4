import { type Diagnostic, Failure, onceEach } from '../../../diagnostics/diagnostic.ts';
import { eitherOf } from '../../../io/either.ts';
import { runJobs } from '../../../masterless/instance/jobs.ts';
import { Agenda, type Outcome } from '../../../operation/agenda.ts';
import { runAgent } from '../../../operation/agent.ts';
import type { Operation } from '../../../operation/page/page.ts';
import { watch } from '../../../operation/watchdog.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import type { Context } from '../../app-context.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { type OpenQueue, openQueue, type QueueOptions } from '../queue/open-queue.ts';
import { newestOf } from './agent-once.ts';
import { AlertLoop, alertsEvery, type Sight } from './alert-loop.ts';
import { Concerns } from './concerns.ts';
import { Cycles } from './cycles.ts';
import { beAgentOf, isDraining, succeed } from './drain.ts';
import { Followed, type FollowedOptions, type Follower } from './followed.ts';
import { Sharing } from './sharing.ts';
import { slowJobs } from './slow-jobs.ts';
import { agentContext, type Heard, Telling } from './telling.ts';

export interface AgentOptions extends FollowedOptions, Partial<QueueOptions> {
  /** Told at each turn of the loop: that it goes on. */
  turned?(): void;
  /** Serves the page until it is closed; what only this agent knows of is asked for. */
  serve?(context: Context, operation: () => Promise<Operation>): Promise<{ close(): Promise<void> }>;
}

/** Between two looks at manifests, selections and repositories, ms. */
const refresh = 60_000;

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
      const within = agentContext(context, base, hear);
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
  readonly #options: AgentOptions;
  readonly #by: Follower;
  readonly #followed: Followed;
  readonly #cycles: Cycles;
  readonly #agenda: Agenda;
  #sharing: Sharing | undefined;
  /** Cycles that run here by the agenda. */
  #here = 0;
  #turns = 0;
  #isDraining = false;

  constructor(
    context: Context,
    base: Session,
    paths: string[],
    options: AgentOptions,
    hear: (heard: Heard) => void,
  ) {
    this.#options = options;
    const { clock } = base.world.host;
    const concerns = new Concerns(() => clock.now());
    const most = options.queue === undefined ? options.slots : Number.POSITIVE_INFINITY;
    this.#by = { context, base, paths, options, telling: new Telling(hear), concerns, most, decides: true };
    this.#followed = new Followed(this.#by);
    this.#cycles = new Cycles(this.#by, this.#followed);
    this.#agenda = new Agenda(options.slots);
  }

  /** What it does, and what it alone knows of that is wrong. */
  async operation(): Promise<Operation> {
    const { concerns } = this.#by;
    return {
      ...{ alerts: concerns.open(), failing: concerns.failing },
      movers: [await this.#cycles.mover()],
    };
  }

  async run(): Promise<'stopped' | 'drained' | undefined> {
    const { context, base, telling } = this.#by;
    const { interrupt: signal } = context.io;
    const { clock } = base.world.host;
    const ending = new AbortController();
    const { signal: beside } = eitherOf(signal, ending.signal);
    const queue = await this.#openQueue();
    try {
      await base.remember();
      this.#by.concerns.restore(base.world.memory.engine);
      const before = await succeed(base.world.memory.engine, this.#cycles.id);
      this.#cycles.follows(before);
      if (!(await this.#followed.begin())) return undefined;
      this.#begins();
      const sharing = this.#share(queue);
      const shares = sharing?.run(beside);
      const loop = runAgent(
        this.#agenda,
        {
          clock,
          duties: () => this.#duties(),
          draining: () => this.#draining(),
          move: (id, mayBeLong) => this.#move(id, mayBeLong),
          turn: () => {
            this.#turns++;
            this.#options.turned?.();
            this.#makeRoom();
          },
        },
        { signal, refresh },
      );
      const alerts = this.#alerts({ id: this.#cycles.id, before }, beside);
      const jobs = this.#slowJobs(beside);
      const ended = await Promise.race([loop, watch(clock, () => this.#turns, beside)]);
      await sharing?.end();
      ending.abort();
      await Promise.all([jobs, alerts, shares]);
      if (ended === 'done') return undefined;
      await this.#cycles.write(true);
      telling.say({ type: 'ended', how: ended });
      return ended;
    } finally {
      ending.abort();
      await queue?.close();
      await this.#followed.close();
    }
  }

  async #openQueue(): Promise<OpenQueue | undefined> {
    const { queue, ...rest } = this.#options;
    if (queue === undefined) return undefined;
    const { context, telling } = this.#by;
    const told = (why: Diagnostic[]) => telling.say({ type: 'queue', why, alone: true });
    const mover = { id: this.#cycles.id, canDoWithout: true };
    return openQueue(context, { ...rest, queue }, mover, told);
  }

  #share(queue: OpenQueue | undefined): Sharing | undefined {
    this.#sharing = queue && new Sharing(this.#by, this.#followed, this.#cycles, queue.link);
    // What is offered would else keep the loop from ending.
    this.#by.context.io.interrupt.addEventListener('abort', () => this.#endSharing(), { once: true });
    return this.#sharing;
  }

  async #draining(): Promise<boolean> {
    const { context, base } = this.#by;
    this.#isDraining ||= await isDraining(context.io.host, base.stateDir);
    if (this.#isDraining) this.#endSharing();
    return this.#isDraining;
  }

  /** What is wrong with it is told to `run`, which waits for its end. */
  #endSharing(): void {
    this.#sharing?.end().catch(() => {});
  }

  /** Slots that no wake-up has. */
  get #free(): number {
    return Math.max(0, this.#options.slots - (this.#sharing?.running ?? 0));
  }

  /** What is offered takes no slot here; while the queue is away everything does. */
  #makeRoom(): void {
    if (this.#sharing) this.#agenda.slots = this.#sharing.isAway ? this.#free : Number.POSITIVE_INFINITY;
  }

  async #move(id: string, mayBeLong: () => boolean): Promise<Outcome> {
    this.#makeRoom();
    if (this.#sharing && !this.#sharing.isAway) {
      const { clock } = this.#by.base.world.host;
      return this.#sharing.offer(id, this.#agenda.laneOf(id) ?? 'usual', clock.now());
    }
    // The queue may have gone away between two VMs that nobody counted.
    if (this.#here >= this.#free) return { result: 'untouched', after: 1_000 };
    this.#here++;
    return this.#cycles.move(id, mayBeLong).finally(() => {
      this.#here--;
    });
  }

  async #duties() {
    const duties = await this.#followed.again();
    if (!duties) return undefined;
    await this.#cycles.write(false);
    await this.#sharing?.sayLimits();
    return { duties, newest: newestOf(duties) };
  }

  #slowJobs(signal: AbortSignal): Promise<void> {
    const { context, base, paths, telling, concerns } = this.#by;
    const { clock, random } = base.world.host;
    const jobs = slowJobs({
      context,
      paths,
      options: this.#options,
      site: () => this.#followed.open.site,
      memory: () => base.world.memory.engine,
      draining: () => this.#isDraining,
      done: done => {
        const { job, subject = '', diagnostics, outcome } = done;
        if (outcome !== undefined || diagnostics.length === 0) telling.say({ type: 'job', done });
        else telling.once(`job ${job} ${subject}`, diagnostics, { type: 'job', done });
        concerns.noteJob(done);
      },
    });
    const rejected = ({ name }: { name: string }, error: unknown) =>
      this.#jobFailed(`job ${name}`, name, wrongIn(error));
    return runJobs(jobs, { clock, random, signal, rejected });
  }

  /**
   * Tells of alerts until the signal comes. A turn that fails is told, and the next one comes as soon as
   * ever: what went wrong in one may be what somebody is to hear of.
   */
  #alerts(by: Sight, signal: AbortSignal): Promise<void> {
    const { context, base, concerns } = this.#by;
    const { clock, random } = base.world.host;
    const memory = () => base.world.memory.engine;
    const watched = { site: () => this.#followed.open.site, concerns, memory };
    const loop = new AlertLoop(context, watched, by);
    const turn = async () => {
      const wrong: Diagnostic[] = [];
      try {
        const { unseen, undelivered } = await loop.turn();
        wrong.push(...unseen);
        if (undelivered.length > 0)
          this.#by.telling.say({ type: 'job-failed', job: 'alerts', diagnostics: undelivered });
        await concerns.keep(memory());
      } catch (error) {
        if (signal.aborted) return 'failed' as const;
        wrong.push(...wrongIn(error));
      }
      this.#jobFailed('alerts', 'alerts', onceEach(wrong));
      return 'done' as const;
    };
    const job = { name: 'alerts', every: alertsEvery, turn };
    return runJobs([job], { clock, random, signal, rejected() {} });
  }

  #jobFailed(about: string, job: string, diagnostics: Diagnostic[]): void {
    this.#by.telling.once(about, diagnostics, { type: 'job-failed', job, diagnostics });
  }

  #begins(): void {
    const now = this.#by.base.world.host.clock.now();
    const duties = [...this.#followed.open.duties.values()];
    const newest = newestOf(duties);
    const ready = duties.map(({ id, next }) => next(newest.get(id), now).ready);
    // What is due whatever the time is, is due now.
    const next = ready.length === 0 ? undefined : Math.max(now, Math.min(...ready));
    this.#by.telling.say({ type: 'begins', vms: duties.length, slots: this.#options.slots, now, next });
  }
}

const wrongIn = (error: unknown): Diagnostic[] =>
  error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
