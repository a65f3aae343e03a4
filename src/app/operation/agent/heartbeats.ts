import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { hasPassed } from '../../../io/until.ts';
import type { VmStatus } from '../../../operation/model.ts';
import { isAllKept } from '../../../operation/status.ts';
import type { Route } from '../../alerts/routes.ts';
import { tell } from '../../alerts/tell.ts';
import type { Site } from '../site/site.ts';
import type { Concerns } from './concerns.ts';

/** Between two signs of life by one route, and after one that did not arrive, ms. */
const often = 5 * 60_000;
const soon = 60_000;
/** A look at everything that takes longer, ms, hangs: nobody knows how things stand. */
const longestLook = 15 * 60_000;

/** Signs of life for services that tell somebody when they stay away. */
export class Heartbeats {
  readonly #signal: AbortSignal;
  readonly #concerns: Concerns;
  /** When each route was last called, and for how long it is left alone then. */
  readonly #called = new Map<string, { at: number; pause: number }>();

  constructor(signal: AbortSignal, concerns: Concerns) {
    this.#signal = signal;
    this.#concerns = concerns;
  }

  /** Of routes that are declared no more nothing is wrong. */
  declared(routes: readonly Route[]): void {
    const titles = new Set(routes.flatMap(({ title, properties }) => (properties.heartbeat ? [title] : [])));
    for (const { rule, subject } of this.#concerns.all())
      if (rule === 'route-failing' && !titles.has(subject)) this.#concerns.say(rule, subject, undefined);
  }

  /** Calls those that are due; gives back what kept each from that, nothing where it was called. */
  async beat(
    { views, session, lookingSince }: Site,
    routes: readonly Route[],
    statuses: readonly VmStatus[],
    now: number,
  ): Promise<Map<string, Diagnostic[]>> {
    // One that is still to be made has nothing to read.
    const isReadable = [...views.values()].every(
      ({ problem, isLost }) => !isLost && problem !== 'repository-unreachable',
    );
    const hangs = lookingSince !== undefined && now - lookingSince > longestLook;
    const isAlive = isReadable && !hangs;
    const isKept = isAllKept(statuses);
    const isTime = (title: string): boolean => {
      const called = this.#called.get(title);
      return !called || hasPassed(called.pause, called.at, now);
    };
    const due = routes.filter(
      ({ title, properties: { heartbeat } }) =>
        heartbeat && isAlive && (heartbeat.when !== 'kept' || isKept) && isTime(title),
    );
    const said: Parameters<typeof tell>[2] = {
      about: 'test',
      message: { title: 'converge: alive', lines: [] },
      now,
    };
    const call = async (route: Route): Promise<Diagnostic[]> => {
      try {
        const kept = await tell(session, route, said, this.#signal);
        this.#called.set(route.title, { at: now, pause: often });
        this.#concerns.say('route-failing', route.title, undefined);
        return kept;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#called.set(route.title, { at: now, pause: soon });
        this.#concerns.say('route-failing', route.title, error.diagnostics[0]?.message.replace(/\.$/, ''));
        return error.diagnostics;
      }
    };
    return new Map(await Promise.all(due.map(async route => [route.title, await call(route)] as const)));
  }
}
