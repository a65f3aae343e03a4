import { type Diagnostic, Failure, onceEach } from '../../../diagnostics/diagnostic.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { eitherOf } from '../../../io/either.ts';
import { runJobs } from '../../../masterless/instance/jobs.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import type { Context } from '../../app-context.ts';
import { allMovers } from '../movers.ts';
import { lookAtNotes, type Site } from '../site/site.ts';
import { AlertLoop, alertsEvery } from './alert-loop.ts';
import type { Concerns } from './concerns.ts';
import { succeed } from './drain.ts';

/**
 * Alerts of a run that looks once, beside its cycles and after them. It goes on from what the run before it
 * knew, in the name of that one: what lasts is told once over all of them.
 */
export class TellingOnce {
  readonly #context: Context;
  readonly #site: Site;
  readonly #concerns: Concerns;
  readonly #memory: EngineMemory;
  readonly #id: string;
  readonly #loop: AlertLoop;
  readonly #diagnostics: Diagnostic[] = [];

  static async begin(
    context: Context,
    site: Site,
    concerns: Concerns,
    memory: EngineMemory,
    id: string,
  ): Promise<TellingOnce> {
    return new TellingOnce(context, site, concerns, memory, id, await succeed(memory, id));
  }

  private constructor(
    context: Context,
    site: Site,
    concerns: Concerns,
    memory: EngineMemory,
    id: string,
    before: string | undefined,
  ) {
    this.#context = context;
    this.#site = site;
    this.#concerns = concerns;
    this.#memory = memory;
    this.#id = id;
    this.#loop = new AlertLoop(context, { site: () => site, concerns, memory: () => memory }, { id, before });
  }

  /**
   * Tells while the cycles run, which may hang, and once more when they have ended; a run that is interrupted
   * tells nothing more. Gives back what could not be told.
   */
  async during(cycles: () => Promise<void>): Promise<Diagnostic[]> {
    const { clock, random } = this.#site.session.world.host;
    const { interrupt } = this.#context.io;
    const ending = new AbortController();
    const { signal, release } = eitherOf(interrupt, ending.signal);
    // What a cycle mends at once is nobody's alert: whoever was away for long looks first after those.
    const job = { name: 'alerts', every: alertsEvery, first: alertsEvery, turn: () => this.#turn() };
    const rejected = (_: unknown, error: unknown) => void this.#diagnostics.push(...wrongIn(error));
    const beside = runJobs([job], { clock, random, signal, rejected });
    try {
      await cycles();
    } finally {
      ending.abort();
      await beside;
      release();
    }
    if (interrupt.aborted) return [];
    // Replicas and recovery plans are looked at beside the first of these.
    for (let turn = 0; turn < 2; turn++) {
      await this.#turn().catch(error => rejected(undefined, error));
      await this.#loop.looked();
    }
    return onceEach(this.#diagnostics);
  }

  async #turn(): Promise<'done'> {
    const { clock } = this.#site.session.world.host;
    const repositories = [...this.#site.views.values()].map(({ repository }) => repository);
    const { movers, failures, isAll } = await allMovers(repositories, clock.now());
    this.#concerns.silent(movers, this.#id, clock.now(), isAll);
    this.#diagnostics.push(...failures.flatMap(({ diagnostics }) => diagnostics));
    await this.#lookAgain();
    const { unseen, undelivered } = await this.#loop.turn();
    this.#diagnostics.push(...unseen, ...undelivered);
    await this.#concerns.keep(this.#memory);
    return 'done';
  }

  /** What the cycles of this run noted, nobody looked at yet. */
  async #lookAgain(): Promise<void> {
    for (const view of this.#site.views.values())
      await lookAtNotes(view, this.#diagnostics).catch(
        error => void this.#diagnostics.push(...wrongIn(error)),
      );
  }
}

const wrongIn = (error: unknown): Diagnostic[] =>
  error instanceof Failure ? error.diagnostics : [oneDiagnostic(error)];
