import { underEither } from '../io/either.ts';
import type { Clock } from '../io/ports.ts';
import { hasPassed } from '../io/until.ts';
import type { Agenda, Duty, Outcome } from './agenda.ts';

/** What an agent needs of the world. */
export interface AgentPorts {
  clock: Clock;
  /**
   * What is to be looked after, and the newest points as far as anybody looked; undefined: as before. Asked
   * at the start and every `refresh`, beside the cycles.
   */
  duties(): Promise<{ duties: Duty[]; newest: Map<string, number | undefined> } | undefined>;
  /**
   * Runs the cycle of one VM, which has a slot. It asks `mayBeLong` before it reads a whole VM that has a
   * point: false: the cycle is to end without one. One that rejects is a bug, and ends the loop.
   */
  move(id: string, mayBeLong: () => boolean): Promise<Outcome>;
  /** Whether somebody asked it to begin nothing more. */
  draining(): Promise<boolean>;
  /** Told at each turn of the loop: that it goes on. */
  turn?(): void;
}

export interface AgentOptions {
  signal: AbortSignal;
  /** Between two looks at what is to be looked after, ms; undefined: it looks once. */
  refresh?: number;
  /** Ends when nothing is due any more. */
  once?: boolean;
  /** Between two turns at most, ms, until it notices that it is to drain; default: two seconds. */
  turn?: number;
}

const usualTurn = 2_000;

/**
 * Runs the cycles of VMs as they come due, as the agenda says, until the signal comes or it is drained; with
 * `once` until nothing is due. Cycles that run at the end are waited for: whoever aborts the signal aborts
 * them too. Nothing in the loop waits for the world but for what `draining` looks at.
 *
 * Throws what a cycle or a look rejected with, once the cycles that run have ended. What rejects after the
 * signal came was ended by it.
 */
export async function runAgent(
  agenda: Agenda,
  ports: AgentPorts,
  { signal, refresh, once = false, turn = usualTurn }: AgentOptions,
): Promise<'stopped' | 'drained' | 'done'> {
  const { clock } = ports;
  const running = new Set<Promise<void>>();
  /** What kept a cycle or a look from coming to an end: nobody waits for most of them. */
  let broken: { error: unknown } | undefined;
  const broke = (error: unknown): void => {
    if (!signal.aborted) broken ??= { error };
  };
  let wake = new AbortController();
  const begin = (id: string): void => {
    const cycle = ports
      .move(id, () => agenda.becomeLong(id))
      .then(outcome => {
        agenda.ended(id, outcome, clock.now());
        // Looked at once, it is done, unless it only waits for its lane.
        if (once && outcome.result !== 'put-back') agenda.forget(id);
      })
      .catch(broke)
      .finally(() => {
        running.delete(cycle);
        wake.abort();
      });
    running.add(cycle);
  };
  let looking: Promise<void> | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  const look = async (): Promise<void> => {
    const found = await ports.duties();
    if (found) agenda.sync(found.duties, found.newest, clock.now());
  };
  let isDraining = false;
  let ended: 'stopped' | 'drained' | 'done' | undefined;
  while (ended === undefined && !broken) {
    ports.turn?.();
    isDraining ||= await ports.draining();
    const now = clock.now();
    const isFirst = looked === Number.NEGATIVE_INFINITY;
    if (isFirst || (refresh !== undefined && hasPassed(refresh, looked, now) && !looking && !isDraining)) {
      looked = now;
      looking = look()
        .catch(broke)
        .finally(() => {
          looking = undefined;
          wake.abort();
        });
      if (isFirst) await looking;
      if (broken) break;
    }
    wake = new AbortController();
    if (!isDraining && !signal.aborted)
      for (let id = agenda.take(clock.now()); id !== undefined; id = agenda.take(clock.now())) begin(id);
    if (signal.aborted) ended = 'stopped';
    else if (isDraining && running.size === 0) ended = 'drained';
    else if (once && running.size === 0) ended = 'done';
    else {
      const ms = isDraining ? turn : Math.min(turn, untilNext(agenda, clock.now()));
      await underEither([signal, wake.signal], either => pause(clock, ms, either));
    }
  }
  await Promise.all([...running, looking]);
  if (broken) throw broken.error;
  return ended!;
}

const untilNext = (agenda: Agenda, now: number): number =>
  Math.max(0, (agenda.nextReady() ?? Number.POSITIVE_INFINITY) - now);

/** Ends early, and without a mistake, when the signal comes. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (reason) {
    if (!signal.aborted) throw reason;
  }
}
